"""DDIM as an ancestral Euler step of the variance-exploding chain x / √ᾱ (DDIM Eq. 13, k-diffusion)."""

import torch

from _doubles import Stride, own, per_sample
from ddpm import CLIPPING, predict_x0


def ddim_sigma(t, t_prev, alphas_cumprod, eta):
    stride = Stride.between(t, t_prev, alphas_cumprod)
    return torch.scalar_tensor(stride.there.signal * stride.ancestral(eta)[1], dtype=alphas_cumprod.dtype)


@per_sample
def _euler(x_t, eps, noise, stride, eta):
    down, up = stride.ancestral(eta)
    scaled = x_t.div_(stride.here.signal)
    scaled.add_(eps, alpha=down - stride.here.sigma)
    return scaled.add_(noise, alpha=up).mul_(stride.there.signal)


def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
    return _euler(x_t, eps, noise, Stride.between(t, t_prev, alphas_cumprod), eta)


@torch.inference_mode()
def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T.clone()
    for i in range(len(timesteps)):
        t = timesteps[i]
        t_prev = timesteps[i + 1] if i < len(timesteps) - 1 else -1
        stride = Stride.between(t, t_prev, alphas_cumprod)
        eps = eps_model(x, t)
        noise = noise_fn(x)
        if clip_x0:
            # The noisy image that would give the clipped estimate, with the network's eps kept.
            x0 = CLIPPING[True](predict_x0(x, eps, t, alphas_cumprod))
            x = own(x0).mul_(stride.here.signal).add_(own(eps), alpha=stride.here.noise).to(x.dtype)
        x = _euler(x, eps, noise, stride, eta)
    return x.clone()
