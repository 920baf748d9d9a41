"""Illusions from one doubled batch; blur by sliding windows."""

import torch


def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
    views = torch.cat([x_t, x_t.flip(-2)])
    upright, flipped = model(views, t, torch.cat([cond_upright, cond_flipped])).chunk(2)
    return torch.stack([upright, flipped.flip(-2)]).mean(0)


def gaussian_kernel1d(kernel_size=33, sigma=2.0):
    offsets = torch.linspace(-(kernel_size // 2), kernel_size // 2, kernel_size, dtype=torch.float64)
    return torch.softmax(-0.5 * (offsets / sigma) ** 2, dim=0)


def _reflected(size, radius, device):
    """Indices of a reflected axis: … 2 1 | 0 1 … n-1 | n-2 n-3 …"""
    index = torch.arange(-radius, size + radius, device=device).abs()
    return (size - 1) - ((size - 1) - index).abs()


def lowpass(x, kernel_size=33, sigma=2.0):
    kernel, radius = gaussian_kernel1d(kernel_size, sigma).to(x), kernel_size // 2
    for dim in (2, 3):
        windows = x.index_select(dim, _reflected(x.shape[dim], radius, x.device)).unfold(dim, kernel_size, 1)
        x = torch.einsum("bchwk,k->bchw", windows, kernel)
    return x


def hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = model(torch.cat([x_t, x_t]), t, torch.cat([cond_low, cond_high])).chunk(2)
    # blur is linear: lowpass(low) + high - lowpass(high)
    return high + lowpass(low - high, kernel_size, sigma)
