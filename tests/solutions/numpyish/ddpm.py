"""DDPM with Python floats and while loops."""

import math

import torch
from noising import coefficients


def predict_x0(x_t, eps, t, alphas_cumprod):
    signal, sigma = coefficients(t, alphas_cumprod, x_t)
    return x_t / signal - (sigma / signal) * eps


def abar(t, alphas_cumprod):
    if t == -1:
        return 1.0
    return float(alphas_cumprod[t])


def _variance(t, t_prev, alphas_cumprod):
    at, ap = abar(t, alphas_cumprod), abar(t_prev, alphas_cumprod)
    return (1.0 - ap) / (1.0 - at) * (1.0 - at / ap)


def posterior_variance(t, t_prev, alphas_cumprod):
    return torch.tensor(_variance(t, t_prev, alphas_cumprod), dtype=alphas_cumprod.dtype)


def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    if t_prev == -1:
        return x0
    at, ap = abar(t, alphas_cumprod), abar(t_prev, alphas_cumprod)
    std = math.sqrt(_variance(t, t_prev, alphas_cumprod))
    # The part of x_t that is not the image is noise, and shrinks.
    noise_left = x_t - math.sqrt(at) * x0
    shrink = math.sqrt(at / ap) * (1.0 - ap) / (1.0 - at)
    return math.sqrt(ap) * x0 + shrink * noise_left + std * noise


@torch.no_grad()
def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    remaining = list(reversed(timesteps))
    x = x_T.clone()
    while remaining:
        t = remaining.pop()
        t_prev = remaining[-1] if remaining else -1
        x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod)
        if clip_x0:
            x0 = x0.clamp_(-1, 1)
        noise = noise_fn(x) if t_prev != -1 else 0.0
        x = posterior_step(x, x0, noise, t, t_prev, alphas_cumprod)
    return x
