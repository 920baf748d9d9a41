"""Diffusion posterior sampling."""

import torch
from ddim import ddim_step
from ddpm import predict_x0


def dps_gradient(x_t, x0_hat, measurement, operator):
    with torch.enable_grad():
        # One norm over everything, as in the authors' code: the same as one per sample for a single sample.
        norm = torch.linalg.norm(measurement - operator(x0_hat))
        return torch.autograd.grad(norm, x_t)[0]


def dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):
    gradient = dps_gradient(x_t, x0_hat, measurement, operator)
    return (x_prev - scale * gradient).detach()


def sample_dps(
    eps_model,
    x_T,
    measurement,
    operator,
    timesteps,
    alphas_cumprod,
    scale=0.5,
    eta=0.0,
    noise_fn=torch.randn_like,
):
    x = x_T
    for i in range(len(timesteps)):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i + 1 < len(timesteps) else -1
        with torch.enable_grad():
            x_t = x.detach().clone().requires_grad_(True)
            eps = eps_model(x_t, t)
            x0_hat = predict_x0(x_t, eps, t, alphas_cumprod)
            x_prev = ddim_step(x_t, eps, noise_fn(x), t, t_prev, alphas_cumprod, eta)
        x = dps_step(x_prev, x_t, x0_hat, measurement, operator, scale)
    return x
