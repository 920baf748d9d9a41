"""GAN losses by logaddexp."""

import torch


def _log_one_plus_exp(logits):
    return torch.logaddexp(torch.zeros_like(logits), logits)


def generator_loss(fake_logits):
    return _log_one_plus_exp(-fake_logits).mean()


def discriminator_loss(real_logits, fake_logits):
    return _log_one_plus_exp(-real_logits).mean() + _log_one_plus_exp(fake_logits).mean()


def r1_penalty(real_images, real_logits, gamma):
    """A vector-Jacobian product with ones."""
    (gradients,) = torch.autograd.grad(
        real_logits, real_images, grad_outputs=torch.ones_like(real_logits), create_graph=True
    )
    return 0.5 * gamma * torch.einsum("bchw,bchw->b", gradients, gradients).mean()
