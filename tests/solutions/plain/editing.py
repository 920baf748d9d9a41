"""SDEdit and RePaint."""

import torch
from ddpm import posterior_step, predict_x0, sample_ddpm
from noising import add_noise


@torch.no_grad()
def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = add_noise(image, noise, timesteps[start], alphas_cumprod)
    return sample_ddpm(eps_model, x, timesteps[start:], alphas_cumprod, noise_fn)


def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
    if t_prev == -1:
        known = x_orig
    else:
        known = add_noise(x_orig, noise, t_prev, alphas_cumprod)
    return edit_mask * x_prev + (1 - edit_mask) * known


@torch.no_grad()
def inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = x_T
    for i in range(len(timesteps)):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i + 1 < len(timesteps) else -1
        x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod)
        x = posterior_step(x, x0, noise_fn(x), t, t_prev, alphas_cumprod)
        x = repaint_blend(x, x_orig, edit_mask, noise_fn(x), t_prev, alphas_cumprod)
    return x
