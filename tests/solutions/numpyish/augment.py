"""numpy masks; random numbers come from torch one list at a time."""

import numpy as np
import torch


def draw(n, generator):
    return np.array(torch.rand(n, generator=generator, dtype=torch.float64).tolist())


def per_image(values, x):
    return torch.as_tensor(values, dtype=x.dtype, device=x.device)[:, None, None, None]


def rand_brightness(x, generator=None):
    return x + per_image(draw(len(x), generator) - 0.5, x)


def rand_saturation(x, generator=None):
    mean = x.mean(1, keepdim=True)
    return mean + (x - mean) * per_image(2 * draw(len(x), generator), x)


def rand_contrast(x, generator=None):
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * per_image(0.5 + draw(len(x), generator), x)


def rand_translation(x, generator=None):
    reach = np.floor(np.array(x.shape[2:]) / 8 + 0.5)[:, None]
    u = draw(2 * len(x), generator).reshape(2, -1)
    moves = np.floor(u * (2 * reach + 1)) - reach
    keep = np.ones((len(x), 1, *x.shape[2:]))
    images = []
    for i, (dy, dx) in enumerate(moves.T.astype(int)):
        images.append(torch.roll(x[i], (int(dy), int(dx)), dims=(1, 2)))
        shown = np.zeros(x.shape[2:])
        shown[max(0, dy) : x.shape[2] + min(0, dy), max(0, dx) : x.shape[3] + min(0, dx)] = 1
        keep[i, 0] = shown
    return torch.stack(images) * torch.as_tensor(keep, dtype=x.dtype, device=x.device)


def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
    mask = np.ones((len(x), 1, *x.shape[2:]))
    for i in range(len(x)):
        box = [i, 0]
        for side in x.shape[2:]:
            low, high = (max(1, int(np.ceil(ratio * side - 0.5))) for ratio in ratio_range)
            u, v = draw(2, generator)
            length = low + int(u * (high - low + 1))
            start = int(v * (side - length + 1))
            box.append(slice(start, start + length))
        mask[tuple(box)] = 0
    return x * torch.as_tensor(mask, dtype=x.dtype, device=x.device)


def diff_augment(x, policy="color,translation,cutout", generator=None):
    if policy == "":
        return x
    first, _, rest = policy.partition(",")
    transforms = {
        "color": lambda y: rand_contrast(rand_saturation(rand_brightness(y, generator), generator), generator),
        "translation": lambda y: rand_translation(y, generator),
        "cutout": lambda y: rand_cutout(y, generator=generator),
    }
    for name in policy.split(","):
        if name not in transforms:
            raise ValueError(f"{name} is not one of {sorted(transforms)}")
    return diff_augment(transforms[first](x), rest, generator)
