"""Guidance as a product with the weights (1 - s, s)."""

import torch


def classifier_free_guidance(eps_uncond, eps_cond, scale):
    weights = eps_cond.new_tensor([1 - scale, scale])
    return torch.einsum("s,s...->...", weights, torch.stack([eps_uncond, eps_cond]))


def guided_eps(model, x_t, t, cond, null_cond, scale):
    return classifier_free_guidance(*map(lambda c: model(x_t, t, c), (null_cond, cond)), scale)
