"""The literal formulas, one line each."""

import math

import torch


def linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    return torch.linspace(beta_start, beta_end, num_train_steps)


def scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    return torch.linspace(beta_start**0.5, beta_end**0.5, num_train_steps) ** 2


def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
    def f(u):
        return math.cos((u + offset) / (1 + offset) * math.pi / 2) ** 2

    betas = []
    for t in range(num_train_steps):
        beta = 1 - f((t + 1) / num_train_steps) / f(t / num_train_steps)
        betas.append(min(beta, max_beta))
    return torch.tensor(betas)


def cumulative_alphas(betas):
    alphas = 1 - betas
    return torch.cumprod(alphas, dim=0)


def strided_timesteps(num_train_steps, num_inference_steps):
    stride = num_train_steps // num_inference_steps
    return [i * stride for i in range(num_inference_steps)][::-1]


def add_noise(x0, noise, t, alphas_cumprod):
    abar_t = alphas_cumprod[t]
    if isinstance(t, torch.Tensor):
        abar_t = abar_t.view(-1, 1, 1, 1)
    return torch.sqrt(abar_t) * x0 + torch.sqrt(1 - abar_t) * noise
