"""HW5 part B: score distillation."""

import torch
import torch.nn.functional as F


def get_loss_weights(alphas_cumprod):
    """sigma_t ** 2 for all timesteps; the handout's alpha_t is the square root of alphas_cumprod."""
    alphas_t = torch.sqrt(alphas_cumprod)
    # (1 - a)(1 + a) is 1 - a**2, with less cancellation
    sigmas_t = torch.sqrt((1 - alphas_t) * (1 + alphas_t))
    return sigmas_t**2


@torch.no_grad()
def sds_vsd_grad(noise_pred, reference, grad_scale=1):
    """reference is the noise (sds) or the LoRA's prediction (vsd)."""
    grad = noise_pred - reference
    return grad_scale * grad


def weight_like(loss_weights, t, latents):
    w = loss_weights[t]
    return w.view(-1, 1, 1, 1) if w.ndim else w.expand(latents.shape[0])[:, None, None, None]


def specify_gradient_loss(latents, grad):
    # d(loss)/d(latents) = latents - target = latents - (latents - grad) = grad
    target = (latents - grad).detach()
    return 0.5 * F.mse_loss(latents, target, reduction="sum") / latents.shape[0]
