"""DDPM in the log-SNR: β̃ = -σ_s² expm1(λ_t - λ_s); no root of a small difference anywhere."""

from functools import partial, reduce

import torch

from .snr import alpha, log_snr, per_image, strides


def predict_x0(x_t, eps, t, alphas_cumprod):
    lam = per_image(log_snr(t, alphas_cumprod), x_t)
    return x_t / alpha(lam) - torch.exp(-lam / 2) * eps


def posterior_variance(t, t_prev, alphas_cumprod):
    lam_t, lam_s = (log_snr(u, alphas_cumprod) for u in (t, t_prev))
    return -torch.sigmoid(-lam_s) * torch.expm1(lam_t - lam_s)


def _mean(x_t, x0, lam_t, lam_s):
    gain = lam_t - lam_s  # minus infinity on the last step
    return alpha(lam_s) / alpha(lam_t) * gain.exp() * x_t - alpha(lam_s) * gain.expm1() * x0


def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    mean = _mean(x_t, x0, log_snr(t, alphas_cumprod), log_snr(t_prev, alphas_cumprod))
    return mean + posterior_variance(t, t_prev, alphas_cumprod).sqrt() * noise


def clip(x0):
    return torch.minimum(torch.ones_like(x0), torch.maximum(-torch.ones_like(x0), x0))


def identity(x0):
    return x0


def step(x, stride, *, eps_model, alphas_cumprod, noise_fn, denoised, after=lambda x, t_prev: x):
    t, t_prev = stride
    x0 = denoised(predict_x0(x, eps_model(x, t), t, alphas_cumprod))
    return after(posterior_step(x, x0, noise_fn(x), t, t_prev, alphas_cumprod), t_prev)


def chain(step, x_T, timesteps):
    with torch.no_grad():
        return reduce(step, strides(timesteps), x_T)


def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    settings = dict(eps_model=eps_model, alphas_cumprod=alphas_cumprod, noise_fn=noise_fn)
    return chain(partial(step, denoised=clip if clip_x0 else identity, **settings), x_T, timesteps)
