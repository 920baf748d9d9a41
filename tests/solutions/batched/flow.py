"""Flow matching; guidance asks once, with a doubled batch."""

import torch
import torch.nn.functional as F


def flow_interpolate(x0, x1, t):
    return torch.lerp(x0, x1, t[:, None, None, None].to(x0) if torch.is_tensor(t) else t)


def flow_velocity(x0, x1):
    return torch.sub(x1, x0)


def flow_step(x_t, v, t, t_next):
    return torch.add(x_t, v, alpha=t_next - t)


@torch.inference_mode()
def sample_flow(v_model, x0, num_steps=50):
    times = torch.linspace(0, 1, num_steps + 1, dtype=x0.dtype, device=x0.device)
    for t in times[:-1].repeat(len(x0), 1).T:
        x0 = x0 + v_model(x0, t) / num_steps
    return x0


def guided_velocity(model, x_t, labels, t, scale):
    keep = torch.cat([torch.zeros_like(t), torch.ones_like(t)])
    both = model(x_t.repeat(2, 1, 1, 1), labels.repeat(2), t.repeat(2), keep)
    return torch.lerp(*both.chunk(2), scale)


def flow_loss(model, x0, x1, t):
    return F.mse_loss(model(flow_interpolate(x0, x1, t), t), flow_velocity(x0, x1))


def class_flow_loss(model, x0, x1, labels, t, keep):
    return F.mse_loss(model(flow_interpolate(x0, x1, t), labels, t, keep), flow_velocity(x0, x1))
