"""Illusions by matrices: an exchange matrix turns rows over, a banded matrix blurs them."""

import torch


def _turn(x):
    return torch.einsum("ij,...jw->...iw", torch.eye(x.shape[-2]).flip(0).to(x), x)


def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
    views = ((lambda x: x, cond_upright), (_turn, cond_flipped))
    return sum(view(model(view(x_t), t, cond)) for view, cond in views) * 0.5


def gaussian_kernel1d(kernel_size=33, sigma=2.0):
    offsets = torch.arange(kernel_size, dtype=torch.float64) - kernel_size // 2
    return torch.distributions.Normal(0.0, torch.tensor(sigma, dtype=torch.float64)).log_prob(offsets).softmax(0)


def _blur_matrix(size, kernel):
    """(size, size): row i holds the kernel around i, what lies outside is reflected back in."""
    reach = len(kernel) // 2
    source = torch.arange(size)[:, None] + torch.arange(-reach, reach + 1)
    source = source.abs()
    source = torch.where(source < size, source, 2 * (size - 1) - source)
    return torch.zeros(size, size, dtype=kernel.dtype).scatter_add(1, source, kernel.expand(size, -1))


def lowpass(x, kernel_size=33, sigma=2.0):
    kernel = gaussian_kernel1d(kernel_size, sigma)
    rows, columns = (_blur_matrix(size, kernel).to(x) for size in x.shape[-2:])
    return torch.einsum("ih,bchw,jw->bcij", rows, x, columns)


def hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
    low, high = (model(x_t, t, cond) for cond in (cond_low, cond_high))
    pass_, _pass = lowpass(torch.cat([low, high]), kernel_size, sigma).tensor_split(2)
    return pass_ + high - _pass
