"""Flow matching: the way as a function of time, its derivative by torch.func, and steps folded together."""

from functools import partial, reduce

import torch


def _over(t, x):
    return torch.as_tensor(t, dtype=x.dtype, device=x.device).reshape(-1, 1, 1, 1)


def flow_interpolate(x0, x1, t):
    return torch.addcmul(x0, _over(t, x0), x1 - x0)


def flow_velocity(x0, x1):
    half = torch.full((len(x0),), 0.5, dtype=x0.dtype, device=x0.device)
    return torch.func.jvp(partial(flow_interpolate, x0, x1), (half,), (torch.ones_like(half),))[1]


def flow_step(x_t, v, t, t_next):
    return torch.einsum("s,s...->...", x_t.new_tensor([1.0, t_next - t]), torch.stack([x_t, v]))


def sample_flow(v_model, x0, num_steps=50):
    def step(x, i):
        t, t_next = i / num_steps, (i + 1) / num_steps
        return flow_step(x, v_model(x, x.new_full((len(x),), t)), t, t_next)

    return reduce(step, range(num_steps), x0)


def guided_velocity(model, x_t, labels, t, scale):
    told, untold = (partial(model, x_t, labels, t)(keep(t)) for keep in (torch.ones_like, torch.zeros_like))
    return torch.einsum("s,s...->...", told.new_tensor([scale, 1 - scale]), torch.stack([told, untold]))


def _error(answer, x0, x1):
    return torch.dist(answer, x1 - x0).pow(2) / answer.numel()


def flow_loss(model, x0, x1, t):
    return _error(model(flow_interpolate(x0, x1, t), t), x0, x1)


def class_flow_loss(model, x0, x1, labels, t, keep):
    return _error(model(flow_interpolate(x0, x1, t), labels, t, keep), x0, x1)
