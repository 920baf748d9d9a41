"""DDPM: the posterior as a product of two Gaussians, weighted by their precisions."""

import torch

from ._common import lookup, pairwise


def predict_x0(x_t, eps, t, alphas_cumprod):
    abar_t = lookup(t, alphas_cumprod)
    noise_to_signal = (1 / abar_t - 1).sqrt()
    return (x_t.double() * abar_t.rsqrt() - noise_to_signal * eps.double()).to(x_t.dtype)


def _posterior(x_t, x0, t, t_prev, alphas_cumprod):
    abar_t, abar_prev = lookup(t, alphas_cumprod), lookup(t_prev, alphas_cumprod)
    alpha = abar_t / abar_prev
    # q(x_prev | x0) = N(√abar_prev x0, 1 - abar_prev), and q(x_t | x_prev) read as a likelihood of x_prev.
    precision_prior = 1 / (1 - abar_prev)
    precision_likelihood = alpha / (1 - alpha)
    variance = 1 / (precision_prior + precision_likelihood)
    mean = variance * (precision_prior * abar_prev.sqrt() * x0 + precision_likelihood * x_t / alpha.sqrt())
    return mean, variance


def posterior_variance(t, t_prev, alphas_cumprod):
    if t_prev == -1:
        return alphas_cumprod.new_zeros(())
    _, variance = _posterior(torch.zeros(()), torch.zeros(()), t, t_prev, alphas_cumprod)
    return variance.reshape(()).to(alphas_cumprod.dtype)


def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    if t_prev == -1:  # the prior is infinitely precise
        return x0
    mean, variance = _posterior(x_t.double(), x0.double(), t, t_prev, alphas_cumprod)
    return (mean + variance.sqrt() * noise.double()).to(x_t.dtype)


@torch.inference_mode()
def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    noises = [noise_fn(x_T) for _ in timesteps]
    limit = 1.0 if clip_x0 else float("inf")
    x = x_T.clone()
    for (t, t_prev), noise in zip(pairwise(timesteps), noises):
        x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod).clamp(-limit, limit)
        x = posterior_step(x, x0, noise, t, t_prev, alphas_cumprod)
    return x
