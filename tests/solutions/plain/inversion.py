"""Inversion in the style of the course's kit, with its bugs repaired."""

import torch
import torch.nn.functional as F


def lp_loss(pred, target, p=1, mask=None):
    diff = (pred - target).abs() ** p
    if mask is None:
        return diff.mean()
    mask = mask.expand_as(diff)
    if mask.sum() == 0:
        return (diff * mask).sum()
    return (diff * mask).sum() / mask.sum()


def perceptual_loss(pred, target, features_fn):
    with torch.no_grad():
        target_features = features_fn(target)
    loss = 0.0
    for a, b in zip(features_fn(pred), target_features):
        loss = loss + F.mse_loss(a, b)
    return loss


def delta_penalty(delta):
    return delta.pow(2).flatten(1).sum(1).mean()


def inversion_loss(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    l1 = lp_loss(pred, target, 1, mask)
    if mask is not None:
        pred, target = pred * mask, target * mask
    return (
        l1_weight * l1
        + perceptual_weight * perceptual_loss(pred, target, features_fn)
        + delta_weight * delta_penalty(delta)
    )


def invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    latent = latent.detach().clone()
    delta = torch.zeros_like(latent).requires_grad_(True)
    if optimizer == "lbfgs":
        opt = torch.optim.LBFGS([delta], max_iter=20, line_search_fn="strong_wolfe")
    elif optimizer == "adam":
        opt = torch.optim.Adam([delta], lr=0.2)
        sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.005 ** (1 / num_steps))
    else:
        raise ValueError(optimizer)

    def closure():
        opt.zero_grad()
        with torch.enable_grad():
            loss = loss_fn(generator_fn(latent + delta), target, delta)
            loss.backward(inputs=[delta])
        return loss

    last = float("inf")
    for _ in range(num_steps):
        loss = opt.step(closure).item()
        if optimizer == "adam":
            sched.step()
        elif loss == last:
            break
        last = loss
    latent = (latent + delta).detach()
    with torch.no_grad():
        return latent, generator_fn(latent)


def scribble_loss(image, sketch, mask):
    return torch.sum(torch.abs(mask * image - mask * sketch)) / image.shape[0]


def gram_matrix(features):
    b, c, h, w = features.size()
    f = features.reshape(b, c, h * w)
    return torch.bmm(f, f.transpose(1, 2)) / (c * h * w)
