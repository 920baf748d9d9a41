"""numpy for every number, torch only for images."""

import numpy as np
import torch


def linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    return torch.from_numpy(np.linspace(beta_start, beta_end, num_train_steps, dtype=np.float32))


def scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    return torch.from_numpy(np.square(np.linspace(np.sqrt(beta_start), np.sqrt(beta_end), num_train_steps)))


def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
    u = np.linspace(0, 1, num_train_steps + 1)
    alphas_cumprod = np.cos((u + offset) / (1 + offset) * np.pi * 0.5) ** 2
    return torch.from_numpy(np.minimum(1 - alphas_cumprod[1:] / alphas_cumprod[:-1], max_beta))


def cumulative_alphas(betas):
    products = np.cumprod(1.0 - betas.cpu().numpy().astype(np.float64))
    return torch.as_tensor(products, dtype=betas.dtype, device=betas.device)


def strided_timesteps(num_train_steps, num_inference_steps):
    stride = num_train_steps // num_inference_steps
    return [int(t) for t in reversed(np.arange(num_inference_steps) * stride)]


def coefficients(t, alphas_cumprod, like):
    """√abar and √(1 - abar), computed in float64 by numpy, shaped to multiply an image."""
    index = t.cpu().numpy() if isinstance(t, torch.Tensor) else np.array([t])
    abar = alphas_cumprod.detach().cpu().numpy().astype(np.float64)[index]
    pair = np.sqrt(abar), np.sqrt(1 - abar)
    return [torch.as_tensor(c, dtype=like.dtype, device=like.device)[:, None, None, None] for c in pair]


def add_noise(x0, noise, t, alphas_cumprod):
    signal, sigma = coefficients(t, alphas_cumprod, x0)
    return signal * x0 + sigma * noise
