"""A plain three-level UNet with max pooling; time and class enter with the image, as further channels."""

import numpy as np
import torch
from noising import add_noise
from torch import nn


class Double(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU())

    def forward(self, x):
        return self.layers(x)


class Core(nn.Module):
    def __init__(self, in_channels, out_channels, num_hiddens):
        super().__init__()
        n = num_hiddens
        self.d1, self.d2, self.d3 = Double(in_channels, n), Double(n, 2 * n), Double(2 * n, 4 * n)
        self.s2, self.s1 = nn.ConvTranspose2d(4 * n, 2 * n, 2, 2), nn.ConvTranspose2d(2 * n, n, 2, 2)
        self.u2, self.u1 = Double(4 * n, 2 * n), Double(2 * n, n)
        self.last = nn.Conv2d(n, out_channels, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(nn.functional.max_pool2d(a, 2))
        c = self.d3(nn.functional.max_pool2d(b, 2))
        b = self.u2(torch.cat([self.s2(c), b], 1))
        return self.last(self.u1(torch.cat([self.s1(b), a], 1)))


def planes(values, x):
    """(B, K) numbers as K constant channels."""
    return values[:, :, None, None].expand(-1, -1, *x.shape[2:])


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        self.core = Core(in_channels, in_channels, num_hiddens)

    def forward(self, x):
        return x + self.core(x)


class TimeConditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__()
        self.core = Core(in_channels + 2, in_channels, num_hiddens)

    def forward(self, x, t):
        waves = torch.stack([torch.cos(np.pi * t), torch.sin(np.pi * t)], 1)
        return x + self.core(torch.cat([x, planes(waves, x)], 1))


class ClassConditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__()
        self.embed = nn.Linear(num_classes, 8)
        self.core = Core(in_channels + 2 + 8, in_channels, num_hiddens)

    def forward(self, x, c, t, keep=None):
        one_hot = torch.zeros(len(x), self.embed.in_features, dtype=x.dtype, device=x.device)
        one_hot[torch.arange(len(x)), c] = 1 if keep is None else keep.to(x.dtype)
        waves = torch.stack([torch.cos(np.pi * t), torch.sin(np.pi * t)], 1)
        return x + self.core(torch.cat([x, planes(waves, x), planes(self.embed(one_hot), x)], 1))


def denoiser_loss(model, x0, noise, sigma):
    error = model(x0 + float(sigma) * noise) - x0
    return (error * error).sum() / error.numel()


def ddpm_loss(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    fraction = torch.as_tensor(t.cpu().numpy() / alphas_cumprod.numel(), dtype=x0.dtype, device=x0.device)
    error = model(x_t, fraction) - noise
    return (error * error).sum() / error.numel()


def class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    fraction = torch.as_tensor(t.cpu().numpy() / alphas_cumprod.numel(), dtype=x0.dtype, device=x0.device)
    error = model(x_t, labels, fraction, keep) - noise
    return (error * error).sum() / error.numel()
