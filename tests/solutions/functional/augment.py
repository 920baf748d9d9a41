"""Augmentation as pure functions of (image, uniform numbers), mapped over the batch by vmap."""

from functools import partial, reduce

import torch

DIALS = 4  # uniform numbers per image


def _uniform(x, generator):
    device = x.device if generator is None else generator.device
    return torch.rand(len(x), DIALS, dtype=torch.float64, generator=generator, device=device).to(x.device)


def _brighter(image, u):
    return image + (u[0] - 0.5).to(image.dtype)


def _more_colourful(image, u):
    return torch.lerp(image.mean(0, keepdim=True).expand_as(image), image, 2 * u[0].to(image.dtype))


def _more_contrast(image, u):
    return torch.lerp(image.mean().expand_as(image), image, 0.5 + u[0].to(image.dtype))


def _integer(u, low, high):
    """Uniform in low … high."""
    return low + (u * (high - low + 1)).floor()


def _shifted(image, u):
    for dim, v in ((-2, u[0]), (-1, u[1])):
        size = image.shape[dim]
        reach = int(size / 8 + 0.5)
        source = torch.arange(size, device=image.device) - _integer(v, -reach, reach).long()
        inside = (source >= 0) & (source < size)
        image = image.index_select(dim, source.clamp(0, size - 1)) * inside.view((-1, 1) if dim == -2 else (1, -1))
    return image


def _side(u, v, size, ratio_range, device):
    """Which places of an axis the box covers."""
    low, high = (max(1.0, float(torch.tensor(ratio * size + 1e-9).round())) for ratio in ratio_range)
    length = _integer(u, low, high)
    start = _integer(v, 0, size - length)
    place = torch.arange(size, device=device)
    return (place >= start) & (place < start + length)


def _cut(image, u, ratio_range):
    rows, columns = (
        _side(a, b, size, ratio_range, image.device)
        for a, b, size in ((u[0], u[1], image.shape[-2]), (u[2], u[3], image.shape[-1]))
    )
    return torch.where(rows[:, None] & columns, torch.zeros_like(image), image)


def _apply(transform, x, generator=None):
    return torch.func.vmap(transform)(x, _uniform(x, generator))


rand_brightness = partial(_apply, _brighter)
rand_saturation = partial(_apply, _more_colourful)
rand_contrast = partial(_apply, _more_contrast)
rand_translation = partial(_apply, _shifted)


def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
    return _apply(partial(_cut, ratio_range=ratio_range), x, generator)


POLICIES = {
    "color": (rand_brightness, rand_saturation, rand_contrast),
    "translation": (rand_translation,),
    "cutout": (rand_cutout,),
}


def diff_augment(x, policy="color,translation,cutout", generator=None):
    names = [name for name in policy.split(",") if policy]
    if unknown := set(names) - POLICIES.keys():
        raise ValueError(f"unknown: {unknown}")
    return reduce(lambda y, f: f(y, generator=generator), sum((POLICIES[name] for name in names), ()), x)
