"""DDPM in 0-dim tensors; noise is drawn on every step, and the last step's has weight 0."""

import torch


def abar_at(t, alphas_cumprod):
    if t < 0:
        return torch.ones((), dtype=alphas_cumprod.dtype, device=alphas_cumprod.device)
    return alphas_cumprod[t]


def predict_x0(x_t, eps, t, alphas_cumprod):
    abar_t = alphas_cumprod[t]
    if isinstance(t, torch.Tensor):
        abar_t = abar_t.view(-1, 1, 1, 1)
    return (x_t - torch.sqrt(1 - abar_t) * eps) / torch.sqrt(abar_t)


def posterior_variance(t, t_prev, alphas_cumprod):
    abar_t = abar_at(t, alphas_cumprod)
    abar_prev = abar_at(t_prev, alphas_cumprod)
    beta = 1 - abar_t / abar_prev
    return (1 - abar_prev) / (1 - abar_t) * beta


def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    abar_t = abar_at(t, alphas_cumprod)
    abar_prev = abar_at(t_prev, alphas_cumprod)
    alpha = abar_t / abar_prev
    beta = 1 - alpha
    mean_x0 = torch.sqrt(abar_prev) * beta / (1 - abar_t) * x0
    mean_x_t = torch.sqrt(alpha) * (1 - abar_prev) / (1 - abar_t) * x_t
    return mean_x0 + mean_x_t + torch.sqrt(posterior_variance(t, t_prev, alphas_cumprod)) * noise


@torch.no_grad()
def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for i in range(len(timesteps)):
        t = timesteps[i]
        if i + 1 < len(timesteps):
            t_prev = timesteps[i + 1]
        else:
            t_prev = -1
        eps = eps_model(x, t)
        x0 = predict_x0(x, eps, t, alphas_cumprod)
        if clip_x0:
            x0 = torch.clamp(x0, -1, 1)
        x = posterior_step(x, x0, noise_fn(x), t, t_prev, alphas_cumprod)
    return x
