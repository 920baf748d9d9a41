"""GAN losses; softplus written out so that it does not overflow, and R1 sample by sample."""

import torch

from _doubles import own


def _softplus(u):
    # maximum halves its gradient where both are equal, relu has none there: so the slope at 0 is 1/2, as it should be
    return torch.maximum(u, torch.zeros_like(u)) + torch.log1p(torch.exp(-torch.abs(u)))


SIGNS = {"real": -1.0, "fake": 1.0}


def _mean_loss(logits, taken_for):
    values = [_softplus(SIGNS[taken_for] * logit) for logit in own(logits).reshape(-1)]
    return sum(values) / len(values)


def generator_loss(fake_logits):
    return _mean_loss(fake_logits, "real").to(fake_logits.dtype)


def discriminator_loss(real_logits, fake_logits):
    return (_mean_loss(real_logits, "real") + _mean_loss(fake_logits, "fake")).to(real_logits.dtype)


def r1_penalty(real_images, real_logits, gamma):
    total = torch.zeros((), dtype=torch.float64, device=real_images.device)
    for i in range(real_images.shape[0]):
        (slope,) = torch.autograd.grad(real_logits.reshape(-1)[i], real_images, create_graph=True)
        total = total + torch.sum(slope[i].double() ** 2)
    return (gamma / 2 * total / real_images.shape[0]).to(real_images.dtype)
