"""Schedules by explicit loops over a table."""

import math

import torch

from _doubles import Level, own, timestep_of


def linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    table = torch.empty(num_train_steps, dtype=torch.float64)
    for k in range(num_train_steps):
        table[k] = beta_start + (beta_end - beta_start) * k / max(1, num_train_steps - 1)
    return table.to(torch.get_default_dtype())


def scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
    table = torch.empty(num_train_steps, dtype=torch.float64)
    low, high = math.sqrt(beta_start), math.sqrt(beta_end)
    for k in range(num_train_steps):
        root = low + (high - low) * k / max(1, num_train_steps - 1)
        table[k] = root * root
    return table.to(torch.get_default_dtype())


def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
    table = torch.empty(num_train_steps, dtype=torch.float64)
    before = math.cos(offset / (1 + offset) * math.pi / 2) ** 2
    for k in range(num_train_steps):
        after = math.cos(((k + 1) / num_train_steps + offset) / (1 + offset) * math.pi / 2) ** 2
        table[k] = min((before - after) / before, max_beta)
        before = after
    return table.to(torch.get_default_dtype())


def cumulative_alphas(betas):
    table = own(betas).neg_().add_(1)
    for k in range(1, table.shape[0]):
        table[k] *= table[k - 1]
    return table.to(betas.dtype)


def strided_timesteps(num_train_steps, num_inference_steps):
    stride = num_train_steps // num_inference_steps
    chain, t = [], stride * (num_inference_steps - 1)
    while t >= 0:
        chain.append(t)
        t -= stride
    return chain


def add_noise(x0, noise, t, alphas_cumprod):
    noisy = []
    for b in range(x0.shape[0]):
        level = Level.at(timestep_of(t, b), alphas_cumprod)
        noisy.append(own(x0[b]).mul_(level.signal).add_(own(noise[b]), alpha=level.noise))
    return torch.stack(noisy).to(x0.dtype)
