"""DDIM in terms of signal-to-noise ratios."""

import torch

from ._common import lookup, pairwise


def ddim_sigma(t, t_prev, alphas_cumprod, eta):
    abar_t, abar_prev = lookup(t, alphas_cumprod), lookup(t_prev, alphas_cumprod)
    # With r = (1 - abar) / abar, beta-tilde is abar_prev · r_prev · (1 - r_prev / r_t).
    ratio_t, ratio_prev = 1 / abar_t - 1, 1 / abar_prev - 1
    sigma = eta * (abar_prev * ratio_prev * (1 - ratio_prev / ratio_t)).sqrt()
    return sigma.reshape(()).to(alphas_cumprod.dtype)


def _coefficients(t, t_prev, alphas_cumprod, eta):
    """Weights of x0 and eps, and sigma."""
    abar_prev = lookup(t_prev, alphas_cumprod)
    sigma = ddim_sigma(t, t_prev, alphas_cumprod.double(), eta)
    return abar_prev.sqrt(), (1 - abar_prev - sigma * sigma).relu().sqrt(), sigma


def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    abar_t = lookup(t, alphas_cumprod)
    weight_x0, weight_eps, sigma = _coefficients(t, t_prev, alphas_cumprod, eta)
    # x_t occurs only in x0: collect what multiplies x_t and what multiplies eps.
    weight_x_t = weight_x0 / abar_t.sqrt()
    weight_eps = weight_eps - weight_x_t * (1 - abar_t).sqrt()
    return (weight_x_t * x_t.double() + weight_eps * eps.double() + sigma * noise.double()).to(x_t.dtype)


@torch.inference_mode()
def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    noises = [noise_fn(x_T) for _ in timesteps]
    x = x_T.clone()
    for (t, t_prev), noise in zip(pairwise(timesteps), noises):
        eps = eps_model(x, t)
        if clip_x0:
            abar_t = lookup(t, alphas_cumprod)
            x0 = ((x.double() - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()).clamp(-1, 1)
            weight_x0, weight_eps, sigma = _coefficients(t, t_prev, alphas_cumprod, eta)
            x = (weight_x0 * x0 + weight_eps * eps + sigma * noise).to(x_T.dtype)
        else:
            x = ddim_step(x, eps, noise, t, t_prev, alphas_cumprod, eta)
    return x
