"""Flow matching in float64, one sample after the other; what guidance would count 0 times is not asked for."""

import torch

from _doubles import own, per_sample


@per_sample
def _between(x0, x1, t):
    return x0.mul_(1.0 - float(t)).add_(x1, alpha=float(t))


def flow_interpolate(x0, x1, t):
    return _between(x0, x1, t if torch.is_tensor(t) else torch.full((x0.shape[0],), t, dtype=torch.float64))


@per_sample
def _less(x, y):
    return x.sub_(y)


@per_sample
def _and(x, y, weight):
    return x.add_(y, alpha=weight)


def flow_velocity(x0, x1):
    return _less(x1, x0)


def flow_step(x_t, v, t, t_next):
    return _and(x_t, v, t_next - t)


@torch.no_grad()
def sample_flow(v_model, x0, num_steps=50):
    x = x0.clone()
    for i in range(num_steps):
        time = torch.full((x.shape[0],), i / num_steps, dtype=x0.dtype, device=x0.device)
        x = _and(x, v_model(x, time), 1.0 / num_steps)
    return x


def guided_velocity(model, x_t, labels, t, scale):
    with_class = lambda: model(x_t, labels, t, torch.ones_like(t))
    without = lambda: model(x_t, torch.zeros_like(labels), t, torch.zeros_like(t))
    if scale == 0:
        return without()
    if scale == 1:
        return with_class()
    base = without()
    return _and(base, _less(with_class(), base), scale)


def _mean_square(a, b):
    return torch.mean((a.double() - b.double()) ** 2).to(b.dtype)


def flow_loss(model, x0, x1, t):
    return _mean_square(model(flow_interpolate(x0, x1, t), t), flow_velocity(x0, x1))


def class_flow_loss(model, x0, x1, labels, t, keep):
    return _mean_square(model(flow_interpolate(x0, x1, t), labels, t, keep), flow_velocity(x0, x1))
