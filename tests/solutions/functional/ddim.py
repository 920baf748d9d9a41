"""DDIM in the log-SNR: the direction's weight is σ_s √(1 + η² expm1(λ_t - λ_s))."""

import torch

from .ddpm import chain, clip, identity, posterior_variance, predict_x0
from .snr import alpha, log_snr, sigma


def ddim_sigma(t, t_prev, alphas_cumprod, eta):
    return posterior_variance(t, t_prev, alphas_cumprod).mul(eta**2).sqrt()


def _weights(t, t_prev, alphas_cumprod, eta):
    """Of the clean image, of the predicted noise, of the fresh noise."""
    lam_t, lam_s = (log_snr(u, alphas_cumprod) for u in (t, t_prev))
    lost = -torch.expm1(lam_t - lam_s)
    return torch.stack([alpha(lam_s), sigma(lam_s) * (1 - eta**2 * lost).sqrt(), sigma(lam_s) * eta * lost.sqrt()])


def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    parts = torch.stack([predict_x0(x_t, eps, t, alphas_cumprod), eps, noise])
    return torch.tensordot(_weights(t, t_prev, alphas_cumprod, eta), parts, dims=1)


def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    denoised = clip if clip_x0 else identity

    def step(x, stride):
        eps = eps_model(x, stride[0])
        parts = torch.stack([denoised(predict_x0(x, eps, stride[0], alphas_cumprod)), eps, noise_fn(x)])
        return torch.tensordot(_weights(*stride, alphas_cumprod, eta), parts, dims=1)

    return chain(step, x_T, timesteps)
