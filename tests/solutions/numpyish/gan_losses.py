"""GAN losses from max and log1p; one gradient per image."""

import torch


def softplus(x):
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


def generator_loss(fake_logits):
    # The maximum's part is written on -x so that its slope at 0 is right, too.
    return _smooth(-fake_logits).mean()


def discriminator_loss(real_logits, fake_logits):
    return _smooth(-real_logits).mean() + _smooth(fake_logits).mean()


class _Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return softplus(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * torch.sigmoid(x)


_smooth = _Softplus.apply


def r1_penalty(real_images, real_logits, gamma):
    total = 0.0
    for i in range(len(real_images)):
        grad = torch.autograd.grad(real_logits[i].squeeze(), real_images, create_graph=True, retain_graph=True)[0]
        total = total + torch.sum(grad[i] ** 2)
    return gamma * total / (2 * len(real_images))
