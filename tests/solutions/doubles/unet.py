"""UNets that compute in float64 inside, whatever comes in; layers in dictionaries, built from a dataclass."""

from dataclasses import dataclass

import torch
from torch import nn

from _doubles import own
from noising import add_noise


@dataclass
class Shape:
    in_channels: int
    hidden: int

    def widths(self):
        return {28: self.hidden, 14: 2 * self.hidden, 7: 2 * self.hidden}


def block(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, dtype=torch.float64),
        nn.ELU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, dtype=torch.float64),
        nn.ELU(inplace=True),
    )


def embedding(inputs, outputs):
    first, second = nn.Linear(inputs, outputs, dtype=torch.float64), nn.Linear(outputs, outputs, dtype=torch.float64)
    return nn.Sequential(first, nn.Softplus(), second)


class DoubleUNet(nn.Module):
    def __init__(self, in_channels, num_hiddens, conditions=None):
        super().__init__()
        w = Shape(in_channels, num_hiddens).widths()
        self.blocks = nn.ModuleDict(
            {
                "down28": block(in_channels, w[28]),
                "down14": block(w[28], w[14]),
                "down7": block(w[14], w[7]),
                "up14": block(w[7] + w[14], w[14]),
                "up28": block(w[14] + w[28], w[28]),
                "out": nn.Conv2d(w[28], in_channels, 3, padding=1, dtype=torch.float64),
            }
        )
        self.conditions = nn.ModuleDict({k: embedding(size, w[7]) for k, size in (conditions or {}).items()})

    def run(self, x, **vectors):
        dtype = self.blocks["out"].weight.dtype
        b, h, skips = self.blocks, x.to(dtype), {}
        for side in (28, 14):
            h = b[f"down{side}"](h)
            skips[side] = h.clone()
            h = (h[:, :, 0::2, 0::2] + h[:, :, 1::2, 0::2] + h[:, :, 0::2, 1::2] + h[:, :, 1::2, 1::2]) / 4
        h = b["down7"](h)
        for name in sorted(vectors):
            h = h + self.conditions[name](vectors[name].to(dtype)).reshape(h.shape[0], -1, 1, 1)
        for side in (14, 28):
            h = h.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
            h = b[f"up{side}"](torch.cat([h, skips.pop(side)], dim=1))
        return b["out"](h).to(x.dtype)


class UnconditionalUNet(DoubleUNet):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)

    def forward(self, x):
        return self.run(x)


class TimeConditionalUNet(DoubleUNet):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens, {"time": 1})

    def forward(self, x, t):
        return self.run(x, time=t.reshape(-1, 1))


class ClassConditionalUNet(DoubleUNet):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_hiddens, {"time": 1, "label": num_classes})
        self.num_classes = num_classes

    def forward(self, x, c, t, keep=None):
        vectors = torch.zeros(c.shape[0], self.num_classes, dtype=torch.float64, device=x.device)
        for i in range(c.shape[0]):
            vectors[i, c[i]] = 1.0 if keep is None else float(keep[i])
        return self.run(x, time=t.reshape(-1, 1), label=vectors)


def _mean_square(a, b):
    errors = [torch.mean(torch.square(own(a[i]) - own(b[i]))) for i in range(a.shape[0])]
    return (sum(errors) / len(errors)).to(b.dtype)


def denoiser_loss(model, x0, noise, sigma):
    noisy = own(x0).add_(own(noise), alpha=sigma).to(x0.dtype)
    return _mean_square(model(noisy), x0)


def _fractions(t, x0, alphas_cumprod):
    return torch.tensor([int(k) / alphas_cumprod.shape[0] for k in t], dtype=x0.dtype, device=x0.device)


def ddpm_loss(model, x0, noise, t, alphas_cumprod):
    return _mean_square(model(add_noise(x0, noise, t, alphas_cumprod), _fractions(t, x0, alphas_cumprod)), noise)


def class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return _mean_square(model(x_t, labels, _fractions(t, x0, alphas_cumprod), keep), noise)
