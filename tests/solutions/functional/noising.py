"""Schedules as compositions of maps, products of alphas as sums of logarithms."""

from functools import partial

import torch

from .snr import alpha, log_snr, sigma


def _grid(f, num_train_steps, start, stop):
    return f(torch.lerp(*torch.tensor([start, stop], dtype=torch.float64)[:, None], _unit(num_train_steps)))


def _unit(n):
    return torch.arange(n, dtype=torch.float64).div(max(n - 1, 1))


def linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    return _grid(torch.clone, num_train_steps, beta_start, beta_end)


def scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    return _grid(torch.square, num_train_steps, *(b**0.5 for b in (beta_start, beta_end)))


def _log_f(u, offset):
    """Logarithm of cos², from the sine of the complement, which keeps its digits near u = 1."""
    return 2 * torch.sin((1 - u) / (1 + offset) * torch.pi / 2).log()


def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
    steps = torch.arange(num_train_steps + 1, dtype=torch.float64) / num_train_steps
    log_abar = torch.func.vmap(partial(_log_f, offset=offset))(steps)
    return -torch.expm1(log_abar.diff()).clamp(min=-max_beta)


def cumulative_alphas(betas):
    return torch.einsum("ts,s->t", torch.ones(len(betas), len(betas)).tril().to(betas), torch.log1p(-betas)).exp()


def strided_timesteps(num_train_steps, num_inference_steps):
    return list(map((num_train_steps // num_inference_steps).__mul__, reversed(range(num_inference_steps))))


def add_noise(x0, noise, t, alphas_cumprod):
    """For the clean image at -1 too, which editing needs."""
    lam = log_snr(t, alphas_cumprod).expand(len(x0))
    return torch.einsum("sb,sbchw->bchw", torch.stack([alpha(lam), sigma(lam)]), torch.stack([x0, noise]))
