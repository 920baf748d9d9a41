"""Score distillation with sums written out."""

import torch


def sds_weight(t, alphas_cumprod):
    return torch.ones_like(alphas_cumprod[t]) - alphas_cumprod[t]


def _weighted(difference, t, alphas_cumprod):
    w = sds_weight(t, alphas_cumprod)
    # the batch last, so that (B,) broadcasts; and back
    return (difference.permute(1, 2, 3, 0) * w).permute(3, 0, 1, 2)


def sds_residual(eps_pred, noise, t, alphas_cumprod):
    return _weighted(eps_pred.detach() - noise.detach(), t, alphas_cumprod)


def vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
    return _weighted(eps_pretrained.detach() - eps_lora.detach(), t, alphas_cumprod)


def surrogate_loss(x, residual):
    target = x.data - residual.data
    return torch.stack([0.5 * torch.sum((a - b) ** 2) for a, b in zip(x, target)]).mean()
