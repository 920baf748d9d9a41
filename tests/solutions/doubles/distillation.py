"""Score distillation, one sample after the other."""

import torch

from _doubles import Level, own, timestep_of


def sds_weight(t, alphas_cumprod):
    if torch.is_tensor(t) and t.dim() == 1:
        weights = [1.0 - Level.at(int(k), alphas_cumprod).abar for k in t]
        return torch.tensor(weights, dtype=alphas_cumprod.dtype, device=alphas_cumprod.device)
    return torch.scalar_tensor(1.0 - Level.at(int(t), alphas_cumprod).abar, dtype=alphas_cumprod.dtype)


@torch.no_grad()
def _weighted_difference(a, b, t, alphas_cumprod):
    result = own(a).sub_(own(b))
    for i in range(result.shape[0]):
        result[i].mul_(1.0 - Level.at(timestep_of(t, i), alphas_cumprod).abar)
    return result.to(a.dtype)


def sds_residual(eps_pred, noise, t, alphas_cumprod):
    return _weighted_difference(eps_pred, noise, t, alphas_cumprod)


def vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
    return _weighted_difference(eps_pretrained, eps_lora, t, alphas_cumprod)


def surrogate_loss(x, residual):
    target = own(x.detach()).sub_(own(residual.detach()))
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for i in range(x.shape[0]):
        total = total + 0.5 * torch.linalg.vector_norm(own(x[i]) - target[i]).square()
    return (total / x.shape[0]).to(x.dtype)
