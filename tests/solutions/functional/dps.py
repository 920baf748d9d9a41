"""DPS: the pull on the estimate is pulled back through the network as a vector-Jacobian product."""

from functools import partial

import torch

from .ddim import _weights
from .ddpm import predict_x0
from .snr import strides


def _misfit(x0_hat, measurement, operator):
    return torch.linalg.vector_norm((measurement - operator(x0_hat)).flatten(1), dim=1).sum()


def dps_gradient(x_t, x0_hat, measurement, operator):
    """By the chain rule in two parts: at the estimate, then back to the noisy image."""
    pull = torch.func.grad(partial(_misfit, measurement=measurement, operator=operator))(x0_hat.detach())
    return torch.autograd.grad([x0_hat], [x_t], [pull])[0].detach()


def dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):
    return x_prev.detach() - scale * dps_gradient(x_t, x0_hat, measurement, operator)


def sample_dps(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    pull = torch.func.grad(partial(_misfit, measurement=measurement, operator=operator))
    x = x_T.detach()
    for t, t_prev in strides(timesteps):

        def denoise(x_t, t=t):
            eps = eps_model(x_t, t)
            return predict_x0(x_t, eps, t, alphas_cumprod), eps

        x0_hat, pull_back, eps = torch.func.vjp(denoise, x, has_aux=True)
        (gradient,) = pull_back(pull(x0_hat))
        parts = torch.stack([x0_hat, eps, noise_fn(x)])
        x = torch.tensordot(_weights(t, t_prev, alphas_cumprod, eta), parts, dims=1) - scale * gradient
        x = x.detach()
    return x
