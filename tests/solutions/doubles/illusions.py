"""Illusions by index arithmetic: rows are counted from below, the border is found by reflecting indices."""

import math

import torch

from _doubles import own


def upside_down(x):
    height = x.shape[2]
    turned = torch.empty_like(x)
    for i in range(height):
        turned[:, :, i, :] = x[:, :, height - 1 - i, :]
    return turned


def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
    estimates = {
        "flipped": upside_down(own(model(upside_down(x_t), t, cond_flipped))),
        "upright": own(model(x_t, t, cond_upright)),
    }
    return estimates["upright"].add_(estimates["flipped"]).div_(2).to(x_t.dtype)


def gaussian_kernel1d(kernel_size=33, sigma=2.0):
    weights = {}
    for i in range(kernel_size):
        weights[i] = math.exp(-0.5 * ((2 * i - (kernel_size - 1)) / (2 * sigma)) ** 2)
    total = math.fsum(weights.values())
    return torch.tensor([weights[i] / total for i in range(kernel_size)], dtype=torch.float64)


def reflected(index, size):
    if index < 0:
        return -index
    return index if index < size else 2 * (size - 1) - index


def lowpass(x, kernel_size=33, sigma=2.0):
    kernel = gaussian_kernel1d(kernel_size, sigma).tolist()
    blurred = own(x)
    for axis in (3, 2):
        size, total = x.shape[axis], torch.zeros_like(blurred)
        for k in range(kernel_size):
            rows = [reflected(i + k - kernel_size // 2, size) for i in range(size)]
            total.add_(blurred.index_select(axis, torch.tensor(rows, device=x.device)), alpha=kernel[k])
        blurred = total
    return blurred.to(x.dtype)


def hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    high = own(model(x_t, t, cond_high))
    result = own(model(x_t, t, cond_low)).sub_(high)
    return lowpass(result, kernel_size, sigma).add_(high).to(x_t.dtype)
