"""Augmentation sample by sample; the box is cut out of a clone."""

import torch


def rand_brightness(x, generator=None):
    return x + torch.rand(x.shape[0], 1, 1, 1, generator=generator).to(x) - 0.5


def rand_saturation(x, generator=None):
    factor = 2 * torch.rand(x.shape[0], 1, 1, 1, generator=generator).to(x)
    mean = x.mean(dim=1, keepdim=True)
    return (x - mean) * factor + mean


def rand_contrast(x, generator=None):
    factor = 0.5 + torch.rand(x.shape[0], 1, 1, 1, generator=generator).to(x)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) * factor + mean


def rand_translation(x, generator=None):
    B, C, H, W = x.shape
    most_y, most_x = int(H / 8 + 0.5), int(W / 8 + 0.5)
    moved = torch.zeros_like(x)
    for i in range(B):
        dy = int(torch.randint(-most_y, most_y + 1, (1,), generator=generator))
        dx = int(torch.randint(-most_x, most_x + 1, (1,), generator=generator))
        moved[i, :, max(0, dy) : H + min(0, dy), max(0, dx) : W + min(0, dx)] = x[
            i, :, max(0, -dy) : H + min(0, -dy), max(0, -dx) : W + min(0, -dx)
        ]
    return moved


def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
    B, C, H, W = x.shape
    y = x.clone()

    def randint(low, high):  # both ends included
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    for i in range(B):
        h = randint(max(1, round(ratio_range[0] * H)), max(1, round(ratio_range[1] * H)))
        w = randint(max(1, round(ratio_range[0] * W)), max(1, round(ratio_range[1] * W)))
        top = randint(0, H - h)
        left = randint(0, W - w)
        y[i, :, top : top + h, left : left + w] = 0
    return y


AUGMENT_FNS = {
    "color": [rand_brightness, rand_saturation, rand_contrast],
    "translation": [rand_translation],
    "cutout": [rand_cutout],
}


def diff_augment(x, policy="color,translation,cutout", generator=None):
    if policy:
        for p in policy.split(","):
            if p not in AUGMENT_FNS:
                raise ValueError(f"unknown augmentation {p}")
        for p in policy.split(","):
            for f in AUGMENT_FNS[p]:
                x = f(x, generator=generator)
    return x
