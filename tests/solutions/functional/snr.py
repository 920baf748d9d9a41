"""Half a vocabulary: log-SNR, signal and noise levels of a timestep, as in VDM and the DPM-Solver papers."""

import torch


def log_snr(t, alphas_cumprod):
    """λ = log(ᾱ / (1 - ᾱ)), infinite for the clean image at -1; shaped like t."""
    t = torch.as_tensor(t, device=alphas_cumprod.device)
    table = torch.logit(alphas_cumprod)
    return torch.where(t < 0, torch.inf, table[t.clamp(min=0)])


def alpha(lam):
    return lam.sigmoid().sqrt()


def sigma(lam):
    return lam.neg().sigmoid().sqrt()


def per_image(values, x):
    """() or (B,) against (B, C, H, W)."""
    return values.reshape(values.shape + (1,) * (x.dim() - 1) if values.dim() else ())


def strides(timesteps):
    return zip(timesteps, (*timesteps[1:], -1))
