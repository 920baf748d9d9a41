"""GAN losses by the binary cross entropy with logits."""

import torch
import torch.nn.functional as F


def generator_loss(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


def discriminator_loss(real_logits, fake_logits):
    loss_real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    loss_fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return loss_real + loss_fake


def r1_penalty(real_images, real_logits, gamma):
    grad = torch.autograd.grad(outputs=real_logits.sum(), inputs=real_images, create_graph=True)[0]
    return gamma / 2 * grad.flatten(1).pow(2).sum(1).mean()
