"""Editing with torch.where for masks."""

import torch
from ddpm import posterior_step, predict_x0, sample_ddpm
from noising import add_noise


def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    first, *rest = timesteps[start:]
    noisy = add_noise(image, noise, first, alphas_cumprod)
    return sample_ddpm(eps_model, noisy, [first, *rest], alphas_cumprod, noise_fn=noise_fn)


def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    known = x_orig if t_prev < 0 else add_noise(x_orig, noise, t_prev, alphas_cumprod)
    return torch.where(edit_mask > 0.5, x_prev, known)


@torch.no_grad()
def inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    i, x = 0, x_T
    while i < len(timesteps):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i < len(timesteps) - 1 else -1
        blend_noise = noise_fn(x)
        step_noise = noise_fn(x)
        x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod)
        x = posterior_step(x, x0, step_noise, t, t_prev, alphas_cumprod)
        x = repaint_blend(x, x_orig, edit_mask, blend_noise, t_prev, alphas_cumprod)
        i += 1
    return x
