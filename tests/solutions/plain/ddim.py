"""DDIM as in the paper's Eq. 12."""

import torch
from ddpm import abar_at, posterior_variance, predict_x0


def ddim_sigma(t, t_prev, alphas_cumprod, eta):
    return eta * torch.sqrt(posterior_variance(t, t_prev, alphas_cumprod))


def _combine(x0, eps, noise, t, t_prev, alphas_cumprod, eta):
    abar_prev = abar_at(t_prev, alphas_cumprod)
    sigma = ddim_sigma(t, t_prev, alphas_cumprod, eta)
    # Rounding can push the difference below 0 when nearly all of it is sigma's.
    direction = torch.sqrt(torch.clamp(1 - abar_prev - sigma**2, min=0))
    return torch.sqrt(abar_prev) * x0 + direction * eps + sigma * noise


def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    x0 = predict_x0(x_t, eps, t, alphas_cumprod)
    return _combine(x0, eps, noise, t, t_prev, alphas_cumprod, eta)


@torch.no_grad()
def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for i in range(len(timesteps)):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i + 1 < len(timesteps) else -1
        eps = eps_model(x, t)
        x0 = predict_x0(x, eps, t, alphas_cumprod)
        if clip_x0:
            x0 = torch.clamp(x0, -1, 1)
        x = _combine(x0, eps, noise_fn(x), t, t_prev, alphas_cumprod, eta)
    return x
