"""Guidance from one doubled batch."""

import torch


def classifier_free_guidance(eps_uncond, eps_cond, scale):
    return torch.lerp(eps_uncond, eps_cond, scale)


def guided_eps(model, x_t, t, cond, null_cond, scale):
    both = model(x_t.repeat(2, 1, 1, 1), t, torch.cat([null_cond, cond]))
    return torch.lerp(*both.chunk(2), scale)
