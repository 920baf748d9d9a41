"""GAN losses as negative log-likelihoods of a Bernoulli variable; R1 by a vector-Jacobian product."""

import torch
from torch.distributions import Bernoulli


def _surprise(logits, label):
    return -Bernoulli(logits=logits, validate_args=False).log_prob(torch.full_like(logits, label)).mean()


generator_loss = lambda fake_logits: _surprise(fake_logits, 1.0)
discriminator_loss = lambda real_logits, fake_logits: sum(map(_surprise, (real_logits, fake_logits), (1.0, 0.0)))


def r1_penalty(real_images, real_logits, gamma):
    (slopes,) = torch.autograd.grad([real_logits], [real_images], [torch.ones_like(real_logits)], create_graph=True)
    return torch.func.vmap(torch.dot)(slopes.flatten(1), slopes.flatten(1)).mean().mul(gamma / 2)
