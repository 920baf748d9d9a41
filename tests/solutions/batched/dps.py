"""DPS with one norm per sample."""

import torch

from ._common import pairwise
from .ddim import ddim_step
from .ddpm import predict_x0


def dps_gradient(x_t, x0_hat, measurement, operator):
    with torch.enable_grad():
        residual = (measurement - operator(x0_hat)).flatten(1)
        norms = residual.square().sum(1).sqrt()
        (gradient,) = torch.autograd.grad(norms.sum(), [x_t], allow_unused=True)
    return torch.zeros_like(x_t) if gradient is None else gradient


def dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):
    return torch.sub(x_prev.detach(), dps_gradient(x_t, x0_hat, measurement, operator), alpha=scale)


def sample_dps(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    noises = [noise_fn(x_T) for _ in timesteps]
    x = x_T.detach()
    for (t, t_prev), noise in zip(pairwise(timesteps), noises):
        with torch.enable_grad():
            x_t = x.clone().requires_grad_()
            eps = eps_model(x_t, t)
            x0_hat = predict_x0(x_t, eps, t, alphas_cumprod)
        with torch.no_grad():
            x_prev = ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta)
        x = dps_step(x_prev, x_t, x0_hat, measurement, operator, scale)
    return x
