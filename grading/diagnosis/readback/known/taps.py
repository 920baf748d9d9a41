"""The Gaussian kernel: where its taps lie, how they fall off, what they are divided by.

g_i = exp(−d_i² / (2σ²)) / Σ exp(−d_j² / (2σ²)),   d_i = i − (k − 1) / 2
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..evidence import Arguments
from ..variants import Choice, Family


def _count(size: int) -> Tensor:
    return torch.arange(size, dtype=torch.float64)


def _integral(d: Tensor, sigma: float) -> Tensor:
    return torch.erf((d + 0.5) / (sigma * math.sqrt(2))) - torch.erf((d - 0.5) / (sigma * math.sqrt(2)))


def kernel(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    size, sigma = a.get("kernel_size", 33), a.get("sigma", 2.0)
    sigma = choices["sigma"](size, sigma)
    taps = choices["falls"](choices["distance"](choices["length"](size)).abs(), sigma)
    return choices["shape"](choices["divided"](taps, sigma))


GAUSSIAN = Family(
    kernel,
    {
        "divided": Choice(
            "divided by its sum",
            lambda g, s: g / g.sum(),
            {
                "the kernel is not divided by its sum": lambda g, s: g,
                "the kernel is divided by σ√(2π), not by its sum": lambda g, s: g / (s * math.sqrt(2 * math.pi)),
                "the kernel is divided by 2πσ², not by its sum": lambda g, s: g / (2 * math.pi * s * s),
                "the kernel is divided by √(2π), not by its sum": lambda g, s: g / math.sqrt(2 * math.pi),
                "the kernel is divided by σ, not by its sum": lambda g, s: g / s,
                "the kernel is divided by its Euclidean norm, not by its sum": lambda g, s: g / g.norm(),
                "the kernel is divided by its length, not by its sum": lambda g, s: g / len(g),
                "the kernel is divided by its sum twice": lambda g, s: g / g.sum() ** 2,
                "the kernel is multiplied by its sum, not divided by it": lambda g, s: g * g.sum(),
                "the kernel's sum is taken away from it, not divided by": lambda g, s: g - g.sum(),
                "the kernel is divided by the root of its sum": lambda g, s: g / g.sum().sqrt(),
                "the taps add up to ½": lambda g, s: g / (2 * g.sum()),
                "the taps add up to 2": lambda g, s: 2 * g / g.sum(),
                "the taps are 1 less than they should be": lambda g, s: g / g.sum() - 1,
            },
        ),
        "distance": Choice(
            "i − (k − 1) / 2",
            lambda k: _count(k) - (k - 1) / 2,
            {
                "the centre lies half a pixel off, at k/2": lambda k: _count(k) - k / 2,
                "the centre lies half a pixel off, at k/2 − 1": lambda k: _count(k) - (k - 2) / 2,
                "the centre lies a pixel off, at (k + 1)/2": lambda k: _count(k) - (k + 1) / 2,
                "the centre lies a pixel off, at (k − 3)/2": lambda k: _count(k) - (k - 3) / 2,
                "the centre lies on the first tap": lambda k: _count(k),
                "the centre lies before the first tap: distances run from 1 to k": lambda k: _count(k) + 1,
                "the centre lies on the last tap": lambda k: _count(k) - (k - 1),
                "the centre lies beyond the last tap, at k": lambda k: _count(k) - k,
                "the centre lies outside, at −k": lambda k: _count(k) + k,
                "the centre lies outside: (k − 1)/2 is added, not taken away": lambda k: _count(k) + (k - 1) / 2,
                "the centre lies at (k − 1)/4": lambda k: _count(k) - (k - 1) / 4,
                "the distances run from −1 to 1, whatever the length": lambda k: torch.linspace(
                    -1, 1, k, dtype=torch.float64
                ),
                "the distances run from −k/2 to k/2: they are a little too large": lambda k: torch.linspace(
                    -k / 2, k / 2, k, dtype=torch.float64
                ),
                "the distances run from −3 to 3, whatever the length": lambda k: torch.linspace(
                    -3, 3, k, dtype=torch.float64
                ),
                "the distances are divided by the length": lambda k: (_count(k) - (k - 1) / 2) / k,
            },
        ),
        "falls": Choice(
            "exp(−d² / (2σ²))",
            lambda d, s: torch.exp(-d * d / (2 * s * s)),
            {
                "the taps are exp(−d²/σ²): the factor 2 is missing": lambda d, s: torch.exp(-d * d / (s * s)),
                "the taps are exp(−d²/(2σ)): σ is not squared": lambda d, s: torch.exp(-d * d / (2 * s)),
                "the taps are exp(−d²/σ)": lambda d, s: torch.exp(-d * d / s),
                "the taps are exp(−d²/(2σ)²): the 2 is squared as well": lambda d, s: torch.exp(-d * d / (2 * s) ** 2),
                "the taps are exp(−d²σ²/2): multiplied by σ², not divided": lambda d, s: torch.exp(-d * d * s * s / 2),
                "the taps are exp(−2d²/σ²): multiplied by 2, not divided": lambda d, s: torch.exp(-2 * d * d / (s * s)),
                "the taps are exp(−d/(2σ²)): the distance is not squared": lambda d, s: torch.exp(-d / (2 * s * s)),
                "the taps are exp(−d/σ)": lambda d, s: torch.exp(-d / s),
                "the taps are exp(−d²/2): σ is ignored": lambda d, s: torch.exp(-d * d / 2),
                "the taps are exp(d²/(2σ²)): they grow": lambda d, s: torch.exp(d * d / (2 * s * s)),
                "the taps are exp(−d⁴/(2σ²))": lambda d, s: torch.exp(-(d**4) / (2 * s * s)),
                "the taps are exp(−2d/(2σ²)): the distance is doubled, not squared": lambda d, s: torch.exp(
                    -d / (s * s)
                ),
                "the taps are exp(−d²/(2σ⁴))": lambda d, s: torch.exp(-d * d / (2 * s**4)),
                "the taps are exp(−d²/(8σ²))": lambda d, s: torch.exp(-d * d / (8 * s * s)),
                "the taps are −d²/(2σ²): the exponential is missing": lambda d, s: -d * d / (2 * s * s),
                "each tap is the Gaussian's integral over its pixel, not the value at its centre": _integral,
                "all taps are the same": lambda d, s: torch.ones_like(d),
                "the taps are 1/(1 + d²/(2σ²))": lambda d, s: 1 / (1 + d * d / (2 * s * s)),
                "the taps fall off in a straight line": lambda d, s: (1 - d / (3 * s)).clamp(min=0),
                "taps beyond 3σ are cut off": lambda d, s: torch.exp(-d * d / (2 * s * s)).where(d <= 3 * s, 0),
                "taps beyond 2σ are cut off": lambda d, s: torch.exp(-d * d / (2 * s * s)).where(d <= 2 * s, 0),
            },
        ),
        "length": Choice(
            "kernel_size taps",
            lambda k: k,
            {
                "the kernel has one tap too few": lambda k: k - 1,
                "the kernel has one tap too many": lambda k: k + 1,
                "kernel_size is taken for the radius: 2k + 1 taps": lambda k: 2 * k + 1,
                "the kernel has kernel_size // 2 taps": lambda k: k // 2,
                "the kernel has kernel_size // 2 + 1 taps: one half of it": lambda k: k // 2 + 1,
                "the kernel always has 33 taps": lambda k: 33,
            },
        ),
        "sigma": Choice(
            "sigma as given",
            lambda k, s: s,
            {
                "sigma is ignored: it is always 2": lambda k, s: 2.0,
                "sigma is ignored: it follows from the size, k/6": lambda k, s: k / 6,
                "sigma is ignored: it follows from the size, (k − 1)/6": lambda k, s: max(k - 1, 1) / 6,
                "sigma is ignored: it follows from the size as in OpenCV": lambda k, s: 0.15 * k + 0.35,
            },
        ),
        "shape": Choice(
            "shape (k,)",
            lambda g: g,
            {
                "the kernel has two dimensions: the product of both directions, (k, k)": lambda g: torch.outer(g, g),
                "the kernel has the shape (1, k)": lambda g: g[None],
                "the kernel has the shape (k, 1)": lambda g: g[:, None],
                "the kernel has the shape (1, 1, k)": lambda g: g[None, None],
                "the kernel has the shape (1, 1, 1, k)": lambda g: g[None, None, None],
                "the kernel has the shape (1, 1, k, 1)": lambda g: g[None, None, :, None],
            },
        ),
    },
)
