"""DDIM with Python floats and a while loop."""

import math

import torch
from ddpm import _variance, abar, predict_x0


def _sigma(t, t_prev, alphas_cumprod, eta):
    return eta * math.sqrt(max(_variance(t, t_prev, alphas_cumprod), 0.0))


def ddim_sigma(t, t_prev, alphas_cumprod, eta):
    return torch.tensor(_sigma(t, t_prev, alphas_cumprod, eta), dtype=alphas_cumprod.dtype)


def _from_x0(x0, eps, noise, t, t_prev, alphas_cumprod, eta):
    ap, sigma = abar(t_prev, alphas_cumprod), _sigma(t, t_prev, alphas_cumprod, eta)
    return math.sqrt(ap) * x0 + math.sqrt(max(1.0 - ap - sigma * sigma, 0.0)) * eps + sigma * noise


def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    return _from_x0(predict_x0(x_t, eps, t, alphas_cumprod), eps, noise, t, t_prev, alphas_cumprod, eta)


@torch.no_grad()
def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    chain = [*timesteps, -1]
    i, x = 0, x_T
    while chain[i] != -1:
        eps = eps_model(x, chain[i])
        x0 = predict_x0(x, eps, chain[i], alphas_cumprod)
        if clip_x0:
            x0 = torch.where(x0 > 1, 1.0, torch.where(x0 < -1, -1.0, x0))
        noise = noise_fn(x) if eta else torch.zeros_like(x)
        x = _from_x0(x0, eps, noise, chain[i], chain[i + 1], alphas_cumprod, eta)
        i += 1
    return x
