"""Projection of images into a latent space."""

import torch
from torch import nn


class MaskedLp:
    def __init__(self, p=1, mask=None):
        self.p, self.mask = p, mask

    def __call__(self, pred, target):
        weight = torch.ones_like(pred) if self.mask is None else torch.broadcast_to(self.mask, pred.shape).to(pred)
        return (weight * (pred - target).abs() ** self.p).sum() / torch.clamp(weight.sum(), min=1)


class Perceptual:
    def __init__(self, features_fn):
        self.features_fn = features_fn

    def __call__(self, pred, target):
        with torch.no_grad():
            wanted = self.features_fn(target)
        return torch.stack([nn.MSELoss()(a, b) for a, b in zip(self.features_fn(pred), wanted)]).sum()


class Projector:
    """Freezes the generator while it searches, and leaves each parameter as it was."""

    def __init__(self, generator_fn, loss_fn, num_steps, optimizer):
        if optimizer not in ("lbfgs", "adam"):
            raise ValueError(optimizer)
        self.generator_fn, self.loss_fn = generator_fn, loss_fn
        self.num_steps, self.optimizer = num_steps, optimizer

    def __call__(self, target, latent):
        parameters = list(self.generator_fn.parameters()) if isinstance(self.generator_fn, nn.Module) else []
        flags = [parameter.requires_grad for parameter in parameters]
        for parameter in parameters:
            parameter.requires_grad_(False)
        try:
            delta = self.search(target, latent.detach())
        finally:
            for parameter, flag in zip(parameters, flags):
                parameter.requires_grad_(flag)
        latent = latent.detach() + delta
        with torch.no_grad():
            return latent, self.generator_fn(latent)

    @torch.enable_grad()
    def search(self, target, latent):
        delta = torch.zeros_like(latent, requires_grad=True)

        def closure():
            loss = self.loss_fn(self.generator_fn(latent + delta), target, delta)
            (delta.grad,) = torch.autograd.grad(loss, [delta])
            return loss

        if self.optimizer == "lbfgs":
            optimizer = torch.optim.LBFGS(
                [delta], max_iter=5, tolerance_grad=0, tolerance_change=1e-13, line_search_fn="strong_wolfe"
            )
            for _ in range((self.num_steps + 4) // 5):
                before = delta.detach().clone()
                optimizer.step(closure)
                if torch.equal(before, delta):
                    break
        else:
            optimizer = torch.optim.Adam([delta], lr=0.3)
            schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: (1 - k / self.num_steps) ** 2)
            for _ in range(self.num_steps):
                optimizer.step(closure)
                schedule.step()
        return delta.detach()
