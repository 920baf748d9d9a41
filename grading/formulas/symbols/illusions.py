"""Anagrams and hybrids."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reference import illusions

from ..scope import Family, Range, Source
from . import symbols
from .guidance import ASKED
from .levels import at

BLUR: dict[str, Source] = {"k": "kernel_size", "σ": "sigma"}


def _two(first: str, second: str) -> Source:
    return lambda a: Family(lambda i: (a[first], a[second])[int(i) - 1])


def _radius(a: Mapping[str, Any]) -> int:
    return (a["kernel_size"] - 1) // 2


def _taps(a: Mapping[str, Any]) -> Range:
    return Range(-_radius(a), _radius(a))


def _reflected(a: Mapping[str, Any]) -> Family:
    """x_{i, j}, outside of the image its reflection."""
    r = _radius(a)
    padded = F.pad(a["x"], [r] * 4, mode="reflect")
    return Family(lambda i, j: padded[:, :, i.long() + r, j.long() + r], whole=a["x"])


def rows(a: Mapping[str, Any]) -> Tensor:
    return torch.arange(a["x"].shape[2], dtype=torch.float64)[:, None]


def columns(a: Mapping[str, Any]) -> Tensor:
    return torch.arange(a["x"].shape[3], dtype=torch.float64)[None, :]


def _lowpass(a: Mapping[str, Any]) -> Any:
    return lambda x: illusions.lowpass(x, a["kernel_size"], a["sigma"])


def _weights(a: Mapping[str, Any]) -> Family:
    kernel = illusions.gaussian_kernel1d(a["kernel_size"], a["sigma"])
    return Family(lambda i: kernel[int(i) + _radius(a)])


SYMBOLS = {
    "anagram_eps": symbols(
        ASKED | {"c": _two("cond_upright", "cond_flipped"), "flip": lambda _: lambda x: x.flip(2)},
        ("ε",),
        at("illusions.anagram_eps"),
    ),
    "gaussian_kernel1d": symbols(BLUR | {"j": _taps}, ("g_i",), at("illusions.gaussian_kernel1d"), {"i": _taps}),
    "lowpass": symbols(
        BLUR | {"g": _weights, "x": _reflected, "i": rows, "j": columns, "a": _taps, "b": _taps},
        ("y_{ij}", "y_{i, j}"),
        at("illusions.lowpass"),
    ),
    "hybrid_eps": symbols(
        ASKED | {"c": _two("cond_low", "cond_high"), "lowpass": _lowpass}, ("ε",), at("illusions.hybrid_eps")
    ),
}
