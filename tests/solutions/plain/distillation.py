"""Score distillation."""

import torch


def sds_weight(t, alphas_cumprod):
    return 1 - alphas_cumprod[t]


def _weight_for_images(t, alphas_cumprod):
    w = sds_weight(t, alphas_cumprod)
    if isinstance(t, torch.Tensor):
        w = w.view(-1, 1, 1, 1)
    return w


def sds_residual(eps_pred, noise, t, alphas_cumprod):
    return (_weight_for_images(t, alphas_cumprod) * (eps_pred - noise)).detach()


def vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
    return (_weight_for_images(t, alphas_cumprod) * (eps_pretrained - eps_lora)).detach()


def surrogate_loss(x, residual):
    target = (x - residual).detach()
    return 0.5 * torch.sum((x - target) ** 2) / x.shape[0]
