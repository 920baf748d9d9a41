"""Schedules in log space, samples scaled in float64."""

import math

import torch

from ._common import lookup


def linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    weight = torch.arange(num_train_steps, dtype=torch.float64) / max(num_train_steps - 1, 1)
    return torch.lerp(torch.full_like(weight, beta_start), torch.full_like(weight, beta_end), weight)


def scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    return linear_betas(num_train_steps, math.sqrt(beta_start), math.sqrt(beta_end)).square()


def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
    u = torch.arange(num_train_steps + 1, dtype=torch.float64) / num_train_steps
    # cos² as (1 + cos of the double angle) / 2
    alphas_cumprod = (1 + torch.cos((u + offset) / (1 + offset) * math.pi)) / 2
    alphas_cumprod = alphas_cumprod / alphas_cumprod[0]
    return torch.minimum(1 - alphas_cumprod[1:] / alphas_cumprod[:-1], torch.tensor(max_beta, dtype=torch.float64))


def cumulative_alphas(betas):
    return torch.log1p(-betas.double()).cumsum(0).exp().to(betas.dtype)


def strided_timesteps(num_train_steps, num_inference_steps):
    stride = num_train_steps // num_inference_steps
    return torch.arange(0, num_inference_steps * stride, stride).flip(0).tolist()


def add_noise(x0, noise, t, alphas_cumprod):
    abar_t = lookup(t, alphas_cumprod)
    noisy = abar_t.sqrt() * x0.double() + (1 - abar_t).sqrt() * noise.double()
    return noisy.to(x0.dtype)
