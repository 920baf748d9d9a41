import torch
import torch.nn.functional as F


def flow_interpolate(x0, x1, t):
    if torch.is_tensor(t):
        t = t.to(x0.dtype).view(-1, 1, 1, 1)
    return (1 - t) * x0 + t * x1


def flow_velocity(x0, x1):
    return x1 - x0


def flow_step(x_t, v, t, t_next):
    return x_t + (t_next - t) * v


@torch.no_grad()
def sample_flow(v_model, x0, num_steps=50):
    x = x0
    for i in range(num_steps):
        t = torch.full((x.shape[0],), i / num_steps, dtype=x.dtype, device=x.device)
        x = flow_step(x, v_model(x, t), i / num_steps, (i + 1) / num_steps)
    return x


def guided_velocity(model, x_t, labels, t, scale):
    keep = torch.ones_like(t)
    v_c = model(x_t, labels, t, keep)
    v_u = model(x_t, labels, t, 0 * keep)
    return v_u + scale * (v_c - v_u)


def flow_loss(model, x0, x1, t):
    return F.mse_loss(model(flow_interpolate(x0, x1, t), t), flow_velocity(x0, x1))


def class_flow_loss(model, x0, x1, labels, t, keep):
    return F.mse_loss(model(flow_interpolate(x0, x1, t), labels, t, keep), flow_velocity(x0, x1))
