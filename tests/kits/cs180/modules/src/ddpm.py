"""Schedule and losses of part B as it was in 2024. Timesteps count from 1; entry 0 of the tables is the clean image."""

import torch
from torch import nn


def ddpm_schedule(beta1, beta2, num_ts):
    betas = torch.cat([torch.zeros(1), torch.linspace(beta1, beta2, num_ts)])
    alphas = 1 - betas
    return {"betas": betas, "alphas": alphas, "alpha_bars": alphas.cumprod(0)}


def ddpm_forward(unet, ddpm_schedule, x_0, num_ts):
    unet.train()
    device = x_0.device
    t = torch.randint(1, num_ts + 1, (len(x_0),), device=device)
    abar = ddpm_schedule["alpha_bars"].to(device)[t].reshape(-1, 1, 1, 1)
    eps = torch.randn(x_0.shape, device=device)
    x_t = abar.sqrt() * x_0 + (1 - abar).sqrt() * eps
    return ((eps - unet(x_t, t.unsqueeze(1) / num_ts)) ** 2).mean()


def ddpm_forward_class(unet, ddpm_schedule, x_0, c, p_uncond, num_ts):
    unet.train()
    device = x_0.device
    one_hot = nn.functional.one_hot(c, 10).float()
    one_hot = one_hot * (1 - torch.bernoulli(torch.full((len(c), 1), p_uncond, device=device)))
    t = torch.randint(1, num_ts + 1, (len(x_0), 1), device=device)
    abar = ddpm_schedule["alpha_bars"].to(device)[t][:, :, None, None]
    eps = torch.randn_like(x_0)
    x_t = abar.sqrt() * x_0 + (1 - abar).sqrt() * eps
    return nn.MSELoss()(unet(x_t, t / num_ts, one_hot), eps)


class DDPM(nn.Module):
    def __init__(self, unet, betas=(1e-4, 0.02), num_ts=300):
        super().__init__()
        self.unet, self.num_ts = unet, num_ts
        self.schedule = ddpm_schedule(*betas, num_ts)

    def forward(self, x):
        return ddpm_forward(self.unet, self.schedule, x, self.num_ts)
