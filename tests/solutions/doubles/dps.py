"""DPS; one norm and one gradient per sample."""

import torch

from _doubles import Stride, own
from ddim import ddim_step
from ddpm import predict_x0


def dps_gradient(x_t, x0_hat, measurement, operator):
    with torch.enable_grad():
        misfit = operator(x0_hat) - measurement
        gradient = torch.zeros_like(x_t)
        for b in range(x_t.shape[0]):
            norm = torch.sqrt(torch.sum(torch.square(misfit[b].double())))
            last = b == x_t.shape[0] - 1
            gradient[b] = torch.autograd.grad(norm, x_t, retain_graph=not last)[0][b]
    return gradient.detach().clone()


def dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):
    with torch.no_grad():
        moved = own(x_prev)
    gradient = dps_gradient(x_t, x0_hat, measurement, operator)
    with torch.no_grad():
        return moved.detach().sub_(own(gradient), alpha=scale).to(x_prev.dtype)


def sample_dps(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    x = x_T.detach().clone()
    for i in range(len(timesteps)):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i < len(timesteps) - 1 else -1
        leaf = torch.nn.Parameter(x.clone())
        with torch.enable_grad():
            eps = eps_model(leaf, t)
            x0_hat = predict_x0(leaf, eps, t, alphas_cumprod)
        with torch.no_grad():
            needs_noise = Stride.between(t, t_prev, alphas_cumprod).ancestral(eta)[1] > 0
            noise = noise_fn(x) if needs_noise else torch.zeros_like(x)
            x_prev = ddim_step(leaf.detach(), eps.detach(), noise, t, t_prev, alphas_cumprod, eta)
        x = dps_step(x_prev, leaf, x0_hat, measurement, operator, scale)
    return x
