"""Editing with all noise drawn up front."""

import torch

from . import ddpm, noising
from ._common import pairwise


def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    rest = timesteps[start:]
    x_t = noising.add_noise(image, noise, rest[0], alphas_cumprod)
    return ddpm.sample_ddpm(eps_model, x_t, rest, alphas_cumprod, noise_fn)


def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    # add_noise knows -1: its table ends with the clean image's 1
    known = noising.add_noise(x_orig, noise, t_prev, alphas_cumprod)
    return torch.where(edit_mask.bool(), x_prev, known)


@torch.inference_mode()
def inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    step_noises = [noise_fn(x_T) for _ in timesteps]
    blend_noises = [noise_fn(x_T) for _ in timesteps]
    x = x_T
    for (t, t_prev), step_noise, blend_noise in zip(pairwise(timesteps), step_noises, blend_noises):
        x0 = ddpm.predict_x0(x, eps_model(x, t), t, alphas_cumprod)
        x = ddpm.posterior_step(x, x0, step_noise, t, t_prev, alphas_cumprod)
        x = repaint_blend(x, x_orig, edit_mask, blend_noise, t_prev, alphas_cumprod)
    return x
