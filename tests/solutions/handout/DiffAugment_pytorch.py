"""HW5 part A: differentiable augmentation on index grids, in the manner of the published code."""

import torch
import torch.nn.functional as F


def DiffAugment(x, policy="", generator=None):
    if policy:
        for p in policy.split(","):
            if p not in AUGMENT_FNS:
                raise ValueError(f"no such augmentation: {p!r}")
            for f in AUGMENT_FNS[p]:
                x = f(x, generator=generator)
        x = x.contiguous()
    return x


def rand(x, generator):
    device = x.device if generator is None else generator.device
    return torch.rand(x.size(0), 1, 1, 1, dtype=x.dtype, device=device, generator=generator).to(x.device)


def randint(low, high, size, x, generator):
    device = x.device if generator is None else generator.device
    return torch.randint(low, high, size=size, device=device, generator=generator).to(x.device)


def rand_brightness(x, generator=None):
    x = x + (rand(x, generator) - 0.5)
    return x


def rand_saturation(x, generator=None):
    x_mean = x.mean(dim=1, keepdim=True)
    x = (x - x_mean) * (rand(x, generator) * 2) + x_mean
    return x


def rand_contrast(x, generator=None):
    x_mean = x.mean(dim=[1, 2, 3], keepdim=True)
    x = (x - x_mean) * (rand(x, generator) + 0.5) + x_mean
    return x


def rand_translation(x, ratio=0.125, generator=None):
    shift_x, shift_y = int(x.size(2) * ratio + 0.5), int(x.size(3) * ratio + 0.5)
    translation_x = randint(-shift_x, shift_x + 1, [x.size(0), 1, 1], x, generator)
    translation_y = randint(-shift_y, shift_y + 1, [x.size(0), 1, 1], x, generator)
    grid_batch, grid_x, grid_y = torch.meshgrid(
        torch.arange(x.size(0), dtype=torch.long, device=x.device),
        torch.arange(x.size(2), dtype=torch.long, device=x.device),
        torch.arange(x.size(3), dtype=torch.long, device=x.device),
        indexing="ij",
    )
    grid_x = torch.clamp(grid_x + translation_x + 1, 0, x.size(2) + 1)
    grid_y = torch.clamp(grid_y + translation_y + 1, 0, x.size(3) + 1)
    x_pad = F.pad(x, [1, 1, 1, 1, 0, 0, 0, 0])
    x = x_pad.permute(0, 2, 3, 1).contiguous()[grid_batch, grid_x, grid_y].permute(0, 3, 1, 2)
    return x


def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
    """25 % to 50 % of the height and width: a real-valued ratio per side, then whole pixels."""
    B, _, H, W = x.shape
    low, high = ratio_range
    cutout_h = torch.round((low + (high - low) * rand(x, generator)) * H).long().clamp(min=1)
    cutout_w = torch.round((low + (high - low) * rand(x, generator)) * W).long().clamp(min=1)
    top = (rand(x, generator) * (H - cutout_h + 1)).long()
    left = (rand(x, generator) * (W - cutout_w + 1)).long()
    mask = torch.ones(B, H, W, dtype=x.dtype, device=x.device)
    for b in range(B):
        grid_x, grid_y = torch.meshgrid(
            torch.arange(cutout_h[b].item(), device=x.device),
            torch.arange(cutout_w[b].item(), device=x.device),
            indexing="ij",
        )
        mask[b, grid_x + top[b].item(), grid_y + left[b].item()] = 0
    x = x * mask.unsqueeze(1)
    return x


AUGMENT_FNS = {
    "color": [rand_brightness, rand_saturation, rand_contrast],
    "translation": [rand_translation],
    "cutout": [rand_cutout],
}
