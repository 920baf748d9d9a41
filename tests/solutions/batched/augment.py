"""Augmentation of the whole batch at once; ratios are drawn, then rounded to pixels."""

import torch
import torch.nn.functional as F


def _uniform(x, n, generator):
    return torch.rand(n, x.shape[0], generator=generator, dtype=torch.float64)


def _to_images(u, x):
    return u.reshape(-1, 1, 1, 1).to(x)


def rand_brightness(x, generator=None):
    return x + _to_images(_uniform(x, 1, generator) - 0.5, x)


def rand_saturation(x, generator=None):
    return torch.lerp(x.mean(1, keepdim=True).expand_as(x), x, _to_images(2 * _uniform(x, 1, generator), x))


def rand_contrast(x, generator=None):
    mean = x.mean(dim=(1, 2, 3), keepdim=True).expand_as(x)
    return torch.lerp(mean, x, _to_images(0.5 + _uniform(x, 1, generator), x))


def rand_translation(x, generator=None):
    b, _, h, w = x.shape
    reach = torch.tensor([[int(h * 0.125 + 0.5)], [int(w * 0.125 + 0.5)]])
    dy, dx = ((2 * reach + 1) * _uniform(x, 2, generator)).long() - reach
    batch, rows, columns = torch.meshgrid(torch.arange(b), torch.arange(h), torch.arange(w), indexing="ij")
    rows = (rows + dy[:, None, None] + 1).clamp(0, h + 1)
    columns = (columns + dx[:, None, None] + 1).clamp(0, w + 1)
    return F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)[batch, rows, columns].permute(0, 3, 1, 2)


def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
    b, _, h, w = x.shape
    size = torch.tensor([[h], [w]])
    low, high = ratio_range
    # Each side a uniform part of H or W, to the nearest pixel: the two end sizes are less likely than the rest.
    sides = ((low + (high - low) * _uniform(x, 2, generator)) * size).round().long().clamp(min=1)
    starts = ((size - sides) * _uniform(x, 2, generator)).round().long()
    batch, rows, columns = torch.meshgrid(torch.arange(b), torch.arange(h), torch.arange(w), indexing="ij")
    inside = torch.ones_like(rows, dtype=torch.bool)
    for index, start, side in zip((rows, columns), starts, sides):
        offset = index - start[:, None, None]
        inside &= (0 <= offset) & (offset < side[:, None, None])
    return x * (~inside)[:, None].to(x)


def diff_augment(x, policy="color,translation,cutout", generator=None):
    expanded = []
    for name in filter(None, policy.split(",")):
        if name == "color":
            expanded += [rand_brightness, rand_saturation, rand_contrast]
        elif name == "translation":
            expanded.append(rand_translation)
        elif name == "cutout":
            expanded.append(rand_cutout)
        else:
            raise ValueError(name)
    for transform in expanded:
        x = transform(x, generator=generator)
    return x
