"""DDPM as a product of two Gaussians: precisions add up, the mean is weighed by them."""

from math import sqrt

import torch

from _doubles import Level, Stride, own, per_sample, timestep_of


def predict_x0(x_t, eps, t, alphas_cumprod):
    images = []
    for b in range(x_t.shape[0]):
        level = Level.at(timestep_of(t, b), alphas_cumprod)
        images.append(own(x_t[b]).sub_(own(eps[b]), alpha=level.noise).div_(level.signal))
    return torch.stack(images).to(x_t.dtype)


def posterior_variance(t, t_prev, alphas_cumprod):
    return torch.scalar_tensor(Stride.between(t, t_prev, alphas_cumprod).variance, dtype=alphas_cumprod.dtype)


@per_sample
def _posterior(x_t, x0, noise, stride):
    if stride.to_clean:
        return x0
    from_image, from_noisy = stride.precisions
    alpha = stride.here.abar / stride.there.abar
    # x_t seen as a measurement of x_prev is x_t / √α
    mean = x0.mul_(stride.there.signal * from_image).add_(x_t.div_(sqrt(alpha)), alpha=from_noisy)
    return mean.mul_(stride.variance).add_(noise, alpha=sqrt(stride.variance))


def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    return _posterior(x_t, x0, noise, Stride.between(t, t_prev, alphas_cumprod))


CLIPPING = {True: lambda x0: x0.clone().clamp_(-1.0, 1.0), False: lambda x0: x0}


@torch.inference_mode()
def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    """The chain itself is kept in float64; the network is asked in its own dtype."""
    x = own(x_T)
    for i in range(len(timesteps)):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i < len(timesteps) - 1 else -1
        eps = eps_model(x.to(x_T.dtype), t).to(torch.float64)
        x0 = CLIPPING[bool(clip_x0)](predict_x0(x, eps, t, alphas_cumprod))
        noise = torch.zeros_like(x) if t_prev == -1 else noise_fn(x)
        x = posterior_step(x, x0, noise, t, t_prev, alphas_cumprod)
    return x.to(x_T.dtype).clone()
