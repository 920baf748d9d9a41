"""Illusions; the blur is one depthwise convolution with an outer product."""

import numpy as np
import torch
from torch.nn import functional


def _upside_down(x):
    return torch.flipud(x.permute(2, 3, 0, 1)).permute(2, 3, 0, 1)


def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
    flipped = _upside_down(model(_upside_down(x_t).contiguous(), t, cond_flipped))
    return torch.mean(torch.stack((model(x_t, t, cond_upright), flipped)), dim=0)


def _kernel(kernel_size, sigma):
    x = np.arange(kernel_size) - kernel_size // 2
    weights = np.exp(-0.5 * np.square(x / sigma))
    return weights / weights.sum()


def gaussian_kernel1d(kernel_size=33, sigma=2.0):
    return torch.from_numpy(_kernel(kernel_size, sigma)).float()


def lowpass(x, kernel_size=33, sigma=2.0):
    kernel = _kernel(kernel_size, sigma)
    kernel = torch.from_numpy(np.outer(kernel, kernel)).to(x)
    channels, pad = x.size(1), kernel_size // 2
    padded = functional.pad(x, (pad, pad, pad, pad), "reflect")
    return functional.conv2d(padded, kernel.expand(channels, 1, kernel_size, kernel_size), groups=channels)


def hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    high = model(x_t, t, cond_high)
    high = high - lowpass(high, kernel_size, sigma)
    return lowpass(model(x_t, t, cond_low), kernel_size, sigma) + high
