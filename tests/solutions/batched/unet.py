"""Three levels, group normalisation, residual blocks; time scales, class shifts."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .noising import add_noise


def norm(channels):
    return nn.GroupNorm(math.gcd(8, channels), channels)


class Residual(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.first = nn.Sequential(norm(in_channels), nn.SiLU(), nn.Conv2d(in_channels, out_channels, 3, padding=1))
        self.second = nn.Sequential(norm(out_channels), nn.SiLU(), nn.Conv2d(out_channels, out_channels, 3, padding=1))
        self.short = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x, scale=None, shift=None):
        h = self.first(x)
        if scale is not None:
            h = h * (1 + scale[:, :, None, None])
        if shift is not None:
            h = h + shift[:, :, None, None]
        return self.second(h) + self.short(x)


class UNet(nn.Module):
    def __init__(self, in_channels, num_hiddens, time=False, num_classes=0):
        super().__init__()
        d = num_hiddens
        widths = [d, 2 * d, 2 * d]
        self.stem = nn.Conv2d(in_channels, d, 3, padding=1)
        self.down = nn.ModuleList(Residual(a, b) for a, b in zip([d, *widths], widths))
        self.middle = Residual(widths[-1], widths[-1])
        self.up = nn.ModuleList(Residual(2 * b, a) for a, b in zip([d, *widths], widths))
        self.head = nn.Sequential(norm(d), nn.SiLU(), nn.Conv2d(d, in_channels, 3, padding=1))
        frequencies = 2.0 ** torch.arange(4) * math.pi / 2
        self.register_buffer("frequencies", frequencies)
        self.time = nn.Sequential(nn.Linear(8, 4 * d), nn.SiLU(), nn.Linear(4 * d, widths[-1])) if time else None
        self.classes = nn.Linear(num_classes, widths[-1]) if num_classes else None

    def run(self, x, t=None, one_hot=None):
        scale = shift = None
        if t is not None:
            angles = t[:, None] * self.frequencies
            scale = self.time(torch.cat([angles.sin(), angles.cos()], dim=1))
        if one_hot is not None:
            shift = self.classes(one_hot)
        h, skips = self.stem(x), []
        for i, block in enumerate(self.down):
            h = block(F.avg_pool2d(h, 2) if i else h)
            skips.append(h)
        h = self.middle(h, scale, shift)
        for i, block in reversed(list(enumerate(self.up))):
            h = block(torch.cat([h, skips[i]], dim=1))
            h = F.interpolate(h, scale_factor=2, mode="nearest") if i else h
        return self.head(h)


class UnconditionalUNet(UNet):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)

    def forward(self, x):
        return self.run(x)


class TimeConditionalUNet(UNet):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens, time=True)

    def forward(self, x, t):
        return self.run(x, t)


class ClassConditionalUNet(UNet):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_hiddens, time=True, num_classes=num_classes)

    def forward(self, x, c, t, keep=None):
        keep = torch.ones_like(t) if keep is None else keep
        one_hot = torch.eye(self.classes.in_features, dtype=x.dtype, device=x.device)[c]
        return self.run(x, t, keep[:, None] * one_hot)


def denoiser_loss(model, x0, noise, sigma):
    return (model(x0.add(noise, alpha=sigma)) - x0).square().mean()


def ddpm_loss(model, x0, noise, t, alphas_cumprod):
    fraction = torch.linspace(0, 1, alphas_cumprod.shape[0] + 1, dtype=x0.dtype, device=x0.device)[t]
    return (model(add_noise(x0, noise, t, alphas_cumprod), fraction) - noise).square().mean()


def class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
    return ddpm_loss(lambda x_t, fraction: model(x_t, labels, fraction, keep), x0, noise, t, alphas_cumprod)
