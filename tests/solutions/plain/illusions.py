"""Visual anagrams and hybrid images."""

import torch
import torch.nn.functional as F


def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
    eps1 = model(x_t, t, cond_upright)
    eps2 = model(torch.flip(x_t, [2]), t, cond_flipped)
    eps2 = torch.flip(eps2, [2])
    return (eps1 + eps2) / 2


def gaussian_kernel1d(kernel_size=33, sigma=2.0):
    x = torch.arange(kernel_size, dtype=torch.float64) - (kernel_size - 1) / 2
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def lowpass(x, kernel_size=33, sigma=2.0):
    channels = x.shape[1]
    radius = kernel_size // 2
    kernel = gaussian_kernel1d(kernel_size, sigma).to(dtype=x.dtype, device=x.device)
    vertical = kernel.view(1, 1, kernel_size, 1).repeat(channels, 1, 1, 1)
    horizontal = kernel.view(1, 1, 1, kernel_size).repeat(channels, 1, 1, 1)
    x = F.conv2d(F.pad(x, (0, 0, radius, radius), mode="reflect"), vertical, groups=channels)
    return F.conv2d(F.pad(x, (radius, radius, 0, 0), mode="reflect"), horizontal, groups=channels)


def hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    eps1 = model(x_t, t, cond_low)
    eps2 = model(x_t, t, cond_high)
    low = lowpass(eps1, kernel_size, sigma)
    high = eps2 - lowpass(eps2, kernel_size, sigma)
    return low + high
