"""Editing: the DDPM step with something composed after it."""

from functools import partial

import torch

from .ddpm import chain, identity, sample_ddpm, step
from .noising import add_noise


def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    first, *_ = rest = timesteps[start:]
    return sample_ddpm(eps_model, add_noise(image, noise, first, alphas_cumprod), rest, alphas_cumprod, noise_fn)


def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    return torch.where(edit_mask > 0.5, x_prev, add_noise(x_orig, noise, t_prev, alphas_cumprod))


def inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    def after(x, t_prev):
        return repaint_blend(x, x_orig, edit_mask, noise_fn(x_orig), t_prev, alphas_cumprod)

    settings = dict(eps_model=eps_model, alphas_cumprod=alphas_cumprod, noise_fn=noise_fn)
    return chain(partial(step, denoised=identity, after=after, **settings), x_T, timesteps)
