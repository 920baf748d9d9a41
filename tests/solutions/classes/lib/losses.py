"""Score distillation."""

import torch


class StopGradientTarget(torch.autograd.Function):
    """½ Σ r² / B, whose gradient at x is r / B."""

    @staticmethod
    def forward(ctx, x, residual):
        ctx.save_for_backward(residual)
        return residual.pow(2).sum() / (2 * x.shape[0])

    @staticmethod
    def backward(ctx, grad_output):
        (residual,) = ctx.saved_tensors
        return grad_output * residual / residual.shape[0], None


class ScoreDistillation:
    def __init__(self, alphas_cumprod):
        self.noise_variance = 1 - alphas_cumprod

    def weight(self, t):
        return self.noise_variance[t]

    def residual(self, eps, reference, t):
        weight = self.weight(t)
        if weight.dim() == 1:
            weight = weight[:, None, None, None]
        return weight * (eps.detach() - reference.detach())
