"""Score distillation with einsum; the surrogate as a scalar product is not used, its value would differ."""

import torch

from ._common import lookup


def sds_weight(t, alphas_cumprod):
    shape = t.shape if isinstance(t, torch.Tensor) else ()
    return (1 - lookup(t, alphas_cumprod)).reshape(shape).to(alphas_cumprod.dtype)


@torch.no_grad()
def sds_residual(eps_pred, noise, t, alphas_cumprod):
    weight = sds_weight(t, alphas_cumprod).expand(len(eps_pred))
    return torch.einsum("b,bchw->bchw", weight, eps_pred - noise)


@torch.no_grad()
def vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
    return sds_residual(eps_pretrained, eps_lora, t, alphas_cumprod)


def surrogate_loss(x, residual):
    with torch.no_grad():
        target = x - residual
    return torch.nn.functional.mse_loss(x, target, reduction="sum") / (2 * len(x))
