"""Augmentations as objects with a source of random numbers."""

import math

import torch
import torch.nn.functional as F


class Transform:
    def __init__(self, generator=None):
        self.generator = generator

    def uniform(self, x):
        return torch.empty(x.size(0), 1, 1, 1).uniform_(generator=self.generator).to(x)

    def integers(self, low, high):
        """One whole number per sample, low … high (tensors), both included."""
        u = torch.empty(low.shape, dtype=torch.float64).uniform_(generator=self.generator)
        return (low + torch.floor(u * (high - low + 1))).long()


class Brightness(Transform):
    def __call__(self, x):
        return x + (self.uniform(x) - 0.5)


class Saturation(Transform):
    def __call__(self, x):
        factor, grey = 2 * self.uniform(x), x.mean(dim=1, keepdim=True)
        return factor * x + (1 - factor) * grey


class Contrast(Transform):
    def __call__(self, x):
        factor, grey = self.uniform(x) + 0.5, x.mean(dim=(1, 2, 3), keepdim=True)
        return factor * x + (1 - factor) * grey


class Translation(Transform):
    def __call__(self, x):
        b, _, h, w = x.shape
        reach = [int(side / 8 + 0.5) for side in (h, w)]
        padded = F.pad(x, (reach[1], reach[1], reach[0], reach[0]))
        zeros = torch.zeros(b, dtype=torch.long)
        tops, lefts = (self.integers(zeros, zeros + 2 * n).tolist() for n in reach)
        return torch.stack([p[:, i : i + h, j : j + w] for p, i, j in zip(padded, tops, lefts)])


class Cutout(Transform):
    def __init__(self, ratio_range=(0.25, 0.5), generator=None):
        super().__init__(generator)
        self.ratio_range = ratio_range

    def interval(self, batch, length):
        """(B, length), True inside a random interval."""
        # Halves are rounded down here.
        low, high = (max(1, math.ceil(ratio * length - 0.5)) for ratio in self.ratio_range)
        side = self.integers(torch.full((batch,), low), torch.full((batch,), high))
        start = self.integers(torch.zeros_like(side), length - side)
        index = torch.arange(length).expand(batch, length)
        return (index >= start[:, None]) & (index < (start + side)[:, None])

    def __call__(self, x):
        rows, columns = (self.interval(x.size(0), side).to(x.device) for side in x.shape[2:])
        inside = rows[:, None, :, None] & columns[:, None, None, :]
        return torch.where(inside, torch.zeros((), dtype=x.dtype, device=x.device), x)


class Policy:
    KNOWN = {"color": (Brightness, Saturation, Contrast), "translation": (Translation,), "cutout": (Cutout,)}

    def __init__(self, text, generator=None):
        names = text.split(",") if text else []
        unknown = [name for name in names if name not in self.KNOWN]
        if unknown:
            raise ValueError(f"unknown transforms {unknown}")
        self.transforms = [kind(generator=generator) for name in names for kind in self.KNOWN[name]]

    def __call__(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x
