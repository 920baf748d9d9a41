"""GAN objectives."""

import torch
import torch.nn.functional as F


class NonSaturatingLoss:
    def generator(self, fake):
        return -F.logsigmoid(fake).mean()

    def discriminator(self, real, fake):
        return -(F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean())


class R1:
    """Every logit's own gradient, by a vectorised Jacobian (torch.func's vmap underneath)."""

    def __init__(self, gamma):
        self.gamma = gamma

    def __call__(self, images, logits):
        logits = logits.reshape(-1)
        eye = torch.eye(len(logits), dtype=logits.dtype, device=logits.device)
        (jacobian,) = torch.autograd.grad(logits, images, eye, create_graph=True, is_grads_batched=True)
        own = torch.diagonal(jacobian, dim1=0, dim2=1)  # (C, H, W, B)
        return self.gamma / 2 * (own**2).sum(dim=(0, 1, 2)).mean()
