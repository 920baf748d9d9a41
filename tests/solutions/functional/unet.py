"""UNets whose parameters lie in a dictionary and whose layers are function calls."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from .noising import add_noise


class Parameters(nn.Module):
    """Named tensors, drawn as torch draws those of its layers."""

    def __init__(self, shapes):
        super().__init__()
        self.tensors = nn.ParameterDict()
        for name, shape in shapes.items():
            fan_in = torch.Size(shape[1:]).numel()
            self.tensors[name] = nn.Parameter(torch.empty(shape).uniform_(-(fan_in**-0.5), fan_in**-0.5))
            self.tensors[f"{name}_bias"] = nn.Parameter(torch.zeros(shape[0]))

    def __call__(self, name, x, **options):
        function = F.linear if x.dim() == 2 else F.conv2d
        return function(x, self.tensors[name], self.tensors[f"{name}_bias"], **options)


def level(layer, name, x):
    for i in (1, 2):
        x = F.silu(F.instance_norm(layer(f"{name}{i}", x, padding=1)))
    return x


def sinusoids(t, width=8):
    phases = t[:, None] * torch.pi * 2.0 ** torch.arange(-1, width // 2 - 1, dtype=t.dtype, device=t.device)
    return torch.cat([phases.cos(), phases.sin()], dim=1)


def unet(layer, x, modulate=lambda h: h):
    a = level(layer, "wide", x)
    b = level(layer, "middle", F.max_pool2d(a, 2))
    c = modulate(level(layer, "deep", F.max_pool2d(b, 2)))
    grow = partial(F.interpolate, scale_factor=2, mode="bilinear", align_corners=True)
    b = level(layer, "middle_up", torch.cat([grow(c), b], 1))
    a = level(layer, "wide_up", torch.cat([grow(b), a], 1))
    return layer("out", a)


def shapes(in_channels, n, **more):
    pairs = {"wide": (in_channels, n), "middle": (n, 2 * n), "deep": (2 * n, 2 * n), "middle_up": (4 * n, 2 * n)}
    pairs |= {"wide_up": (3 * n, n)}
    convolutions = {f"{name}1": (b, a, 3, 3) for name, (a, b) in pairs.items()}
    convolutions |= {f"{name}2": (b, b, 3, 3) for name, (_, b) in pairs.items()}
    return convolutions | {"out": (in_channels, n, 1, 1)} | more


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        self.layer = Parameters(shapes(in_channels, num_hiddens))

    def forward(self, x):
        return unet(self.layer, x)


class TimeConditionalUNet(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__()
        n = 2 * num_hiddens
        self.layer = Parameters(shapes(in_channels, num_hiddens, time1=(4 * n, 8), time2=(n, 4 * n)))

    def time(self, t):
        return self.layer("time2", F.silu(self.layer("time1", sinusoids(t))))[..., None, None]

    def forward(self, x, t):
        return unet(self.layer, x, lambda h: h * (1 + self.time(t)))


class ClassConditionalUNet(TimeConditionalUNet):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.classes = Parameters({"table": (2 * num_hiddens, num_classes)})

    def forward(self, x, c, t, keep=None):
        one_hot = (c[:, None] == torch.arange(self.num_classes, device=c.device)).to(x.dtype)
        shown = one_hot if keep is None else torch.einsum("b,bk->bk", keep, one_hot)
        shift = self.classes("table", shown)[..., None, None]
        return unet(self.layer, x, lambda h: h * (1 + self.time(t)) + shift)


def denoiser_loss(model, x0, noise, sigma):
    return (model(torch.add(x0, noise, alpha=sigma)) - x0).pow(2).mean()


def _noise_error(model, x0, noise, t, alphas_cumprod):
    fraction = torch.func.vmap(lambda k: k.to(x0.dtype) / alphas_cumprod.numel())(t)
    return torch.dist(model(add_noise(x0, noise, t, alphas_cumprod), fraction), noise).pow(2) / noise.numel()


def ddpm_loss(model, x0, noise, t, alphas_cumprod):
    return _noise_error(model, x0, noise, t, alphas_cumprod)


def class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
    return _noise_error(lambda x_t, fraction: model(x_t, labels, fraction, keep), x0, noise, t, alphas_cumprod)
