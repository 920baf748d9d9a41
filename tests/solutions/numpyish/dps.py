"""DPS; the norm's gradient is written out, autograd only carries it back."""

import torch
from ddim import ddim_step
from ddpm import predict_x0


def dps_gradient(x_t, x0_hat, measurement, operator):
    with torch.enable_grad():
        predicted = operator(x0_hat)
    misfit = (predicted - measurement).detach()
    norm = torch.sqrt(torch.sum(misfit**2, dim=tuple(range(1, misfit.dim())), keepdim=True))
    # d‖r‖ = r / ‖r‖ · dr: a vector-Jacobian product with the unit vector
    return torch.autograd.grad(predicted, x_t, grad_outputs=misfit / norm)[0]


def dps_step(x_prev, x_t, x0_hat, measurement, operator, scale):
    with torch.no_grad():
        return x_prev - scale * dps_gradient(x_t, x0_hat, measurement, operator)


@torch.no_grad()
def sample_dps(
    eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
):
    remaining = list(reversed(timesteps))
    x = x_T
    while remaining:
        t = remaining.pop()
        t_prev = remaining[-1] if remaining else -1
        with torch.enable_grad():
            x_t = x.detach().clone().requires_grad_(True)
            eps = eps_model(x_t, t)
            x0_hat = predict_x0(x_t, eps, t, alphas_cumprod)
        noise = noise_fn(x)
        x = ddim_step(x, eps.detach(), noise, t, t_prev, alphas_cumprod, eta)
        x = dps_step(x, x_t, x0_hat, measurement, operator, scale)
    return x
