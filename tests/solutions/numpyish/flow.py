"""Flow matching; the times of a chain come from NumPy."""

import numpy as np
import torch


def _column(t, x):
    return torch.as_tensor(np.asarray(t), dtype=x.dtype, device=x.device)[..., None, None, None]


def flow_interpolate(x0, x1, t):
    t = _column(t, x0)
    return x0 - t * x0 + t * x1


def flow_velocity(x0, x1):
    return -1.0 * x0 + x1


def flow_step(x_t, v, t, t_next):
    return x_t - (t - t_next) * v


@torch.no_grad()
def sample_flow(v_model, x0, num_steps=50):
    x = x0
    for t in np.linspace(0.0, 1.0, num_steps, endpoint=False):
        x = x + np.reciprocal(float(num_steps)) * v_model(x, torch.tensor([t] * len(x), dtype=x.dtype))
    return x


def guided_velocity(model, x_t, labels, t, scale):
    v = [model(x_t, labels, t, torch.as_tensor(np.full(len(x_t), keep), dtype=x_t.dtype)) for keep in (0.0, 1.0)]
    return scale * v[1] - (scale - 1.0) * v[0]


def flow_loss(model, x0, x1, t):
    error = model(flow_interpolate(x0, x1, t), t) - (x1 - x0)
    return (error * error).sum() / error.numel()


def class_flow_loss(model, x0, x1, labels, t, keep):
    error = model(flow_interpolate(x0, x1, t), labels, t, keep) - (x1 - x0)
    return (error * error).sum() / error.numel()
