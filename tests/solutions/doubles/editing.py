"""Editing; the mask is looked at pixel by pixel."""

import torch

from _doubles import Level, own
from ddpm import posterior_step, predict_x0, sample_ddpm
from noising import add_noise


def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    remaining = [timesteps[i] for i in range(start, len(timesteps))]
    noisy = add_noise(image.clone(), noise.clone(), remaining[0], alphas_cumprod)
    return sample_ddpm(eps_model, noisy, remaining, alphas_cumprod, noise_fn)


def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    level = Level.at(t_prev, alphas_cumprod)
    known = own(x_orig).mul_(level.signal).add_(own(noise), alpha=level.noise)
    keep = edit_mask.expand(x_prev.shape) == 0
    blended = own(x_prev)
    blended[keep] = known[keep]
    return blended.to(x_prev.dtype)


@torch.inference_mode()
def inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = x_T.clone()
    for i in range(len(timesteps)):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i < len(timesteps) - 1 else -1
        blend_noise = noise_fn(x_orig)
        x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod)
        x = posterior_step(x, x0, noise_fn(x), t, t_prev, alphas_cumprod)
        x = repaint_blend(x, x_orig, edit_mask, blend_noise, t_prev, alphas_cumprod)
    return x.clone()
