"""Inversion with gradients as functions, and an optimiser whose state is a value."""

from functools import reduce

import torch


def lp_loss(pred, target, p=1, mask=None):
    counts = torch.ones_like(pred) if mask is None else mask.expand_as(pred)
    powers = torch.where(counts > 0, pred - target, 0.0).abs().pow(p)
    return torch.einsum("bchw->", powers) / counts.sum().clamp(min=1)


def perceptual_loss(pred, target, features_fn):
    pairs = zip(features_fn(pred), map(torch.Tensor.detach, features_fn(target)))
    return reduce(torch.add, ((a - b).pow(2).mean() for a, b in pairs))


def delta_penalty(delta):
    return torch.func.vmap(lambda d: (d * d).sum())(delta).mean()


def inversion_loss(
    pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None
):
    seen = (lambda image: image) if mask is None else mask.mul
    terms = (
        (l1_weight, lambda: lp_loss(pred, target, 1, mask)),
        (perceptual_weight, lambda: perceptual_loss(seen(pred), seen(target), features_fn)),
        (delta_weight, lambda: delta_penalty(delta)),
    )
    return sum(weight * term() for weight, term in terms if weight != 0)


def _adam(objective, delta, num_steps):
    def step(state, k):
        delta, m, v = state
        gradient = objective(delta)[0]
        m, v = torch.lerp(gradient, m, 0.9), torch.lerp(gradient**2, v, 0.99)
        rate = 0.2 * (1 - k / num_steps)
        move = (m / (1 - 0.9 ** (k + 1))) / ((v / (1 - 0.99 ** (k + 1))).sqrt() + 1e-12)
        return delta - rate * move, m, v

    return reduce(step, range(num_steps), (delta, torch.zeros_like(delta), torch.zeros_like(delta)))[0]


def _two_loops(gradient, pairs):
    """The inverse Hessian of the last pairs of steps and changes of gradient, times a gradient."""
    direction, kept = gradient, []
    for s, y in reversed(pairs):
        a = (s * direction).sum() / (s * y).sum()
        direction = direction - a * y
        kept.append(a)
    if pairs:
        s, y = pairs[-1]
        direction = direction * ((s * y).sum() / (y * y).sum())
    for (s, y), a in zip(pairs, reversed(kept)):
        direction = direction + (a - (y * direction).sum() / (s * y).sum()) * s
    return direction


def _lbfgs(objective, delta, num_steps):
    gradient, value = objective(delta)
    pairs = ()
    for _ in range(num_steps):
        direction = _two_loops(gradient, pairs)
        if not pairs:
            direction = direction / gradient.norm().clamp(min=1)
        slope = (direction * gradient).sum()
        if not slope > 0:
            break
        trials = ((rate, *objective(delta - rate * direction)) for rate in (0.5**k for k in range(30)))
        found = next((trial for trial in trials if trial[2] <= value - 1e-4 * trial[0] * slope), None)
        if found is None and not pairs:
            break
        if found is None:
            pairs = ()
            continue
        rate, new_gradient, value = found
        s, y = -rate * direction, new_gradient - gradient
        delta, gradient = delta + s, new_gradient
        pairs = (*pairs, (s, y))[-12:] if (s * y).sum() > 1e-12 * (y * y).sum() else pairs
    return delta


OPTIMIZERS = {"lbfgs": _lbfgs, "adam": _adam}


def invert(generator_fn, target, latent, loss_fn, num_steps=1000, optimizer="lbfgs"):
    start = latent.detach()
    objective = torch.func.grad_and_value(lambda delta: loss_fn(generator_fn(start + delta), target, delta))
    with torch.no_grad():
        found = start + OPTIMIZERS[optimizer](objective, torch.zeros_like(start), num_steps)
        return found, generator_fn(found)


def scribble_loss(image, sketch, mask):
    return torch.einsum("bchw->b", (mask * (image - sketch)).abs()).mean()


def gram_matrix(features):
    return torch.func.vmap(lambda f: torch.tensordot(f, f, dims=([1, 2], [1, 2])) / f.numel())(features)
