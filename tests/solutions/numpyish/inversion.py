"""Inversion with counts by numpy and a search of its own."""

import numpy as np
import torch


def lp_loss(pred, target, p=1, mask=None):
    difference = torch.abs(pred - target) ** p
    if mask is None:
        return difference.sum() / np.prod(pred.shape)
    # How often each element of the mask stands for an element of the image.
    repeats = np.prod(pred.shape) / np.prod(mask.shape)
    count = float(mask.sum()) * repeats
    return (difference * mask).sum() / (count if count > 0 else 1.0)


def perceptual_loss(pred, target, features_fn):
    a, b = features_fn(pred), features_fn(target)
    total = 0
    for i in range(len(a)):
        total = total + torch.mean((a[i] - b[i].detach()) ** 2)
    return total


def delta_penalty(delta):
    return torch.linalg.vector_norm(delta) ** 2 / len(delta) if bool(delta.any()) else (delta * delta).sum()


def inversion_loss(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    pixels = lp_loss(pred, target, 1, mask)
    m = torch.ones_like(pred[:1, :1]) if mask is None else mask
    weights = np.array([l1_weight, perceptual_weight, delta_weight])
    losses = [pixels, perceptual_loss(m * pred, m * target, features_fn), delta_penalty(delta)]
    return sum(float(weight) * loss for weight, loss in zip(weights, losses))


def invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    if optimizer not in ("lbfgs", "adam"):
        raise ValueError(optimizer)
    start = latent.detach().clone()
    delta = torch.zeros_like(start)

    def loss_and_gradient(d):
        with torch.enable_grad():
            d = d.detach().requires_grad_(True)
            loss = loss_fn(generator_fn(start + d), target, d)
            return loss.detach(), torch.autograd.grad(loss, d)[0]

    if optimizer == "adam":
        m, v = torch.zeros_like(delta), torch.zeros_like(delta)
        for k in range(1, num_steps + 1):
            _, g = loss_and_gradient(delta)
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            rate = 0.1 * 0.5 * (1 + np.cos(np.pi * k / num_steps))
            delta = delta - rate * (m / (1 - 0.9**k)) / (torch.sqrt(v / (1 - 0.999**k)) + 1e-12)
    else:
        leaf = delta.clone()
        search = torch.optim.LBFGS([leaf], lr=1.0, max_iter=1, history_size=50, line_search_fn="strong_wolfe")

        def closure():
            loss, leaf.grad = loss_and_gradient(leaf)
            return loss

        losses = []
        while len(losses) < num_steps:
            losses.append(float(search.step(closure)))
            if len(losses) > 10 and np.ptp(losses[-10:]) == 0:
                break
        delta = leaf
    found = start + delta
    with torch.no_grad():
        return found, generator_fn(found)


def scribble_loss(image, sketch, mask):
    return sum(torch.abs(m * a - m * b).sum() for m, a, b in zip(mask.expand_as(image), image, sketch)) / len(image)


def gram_matrix(features):
    b, c, h, w = features.shape
    products = features[:, :, None] * features[:, None, :]  # (B, C, C, H, W)
    return products.reshape(b, c, c, h * w).sum(-1) / np.prod([c, h, w])
