"""Score distillation; one curried residual for both kinds."""

import torch

from .snr import log_snr, per_image


def sds_weight(t, alphas_cumprod):
    return torch.sigmoid(-log_snr(t, alphas_cumprod))


def _residual(estimate, baseline, t, alphas_cumprod):
    return torch.mul(per_image(sds_weight(t, alphas_cumprod), estimate), estimate - baseline).detach()


sds_residual = lambda eps_pred, noise, t, alphas_cumprod: _residual(eps_pred, noise, t, alphas_cumprod)
vsd_residual = lambda eps_pretrained, eps_lora, t, alphas_cumprod: _residual(
    eps_pretrained, eps_lora, t, alphas_cumprod
)


def surrogate_loss(x, residual):
    error = (x - x.detach()) + residual.detach()
    return torch.einsum("bchw,bchw->", error, error) / (2 * len(x))
