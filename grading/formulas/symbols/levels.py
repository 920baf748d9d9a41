"""Noise levels: ᾱ at any index, and what is made of it. Shared by the modules that read ``alphas_cumprod``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..points import drawn
from ..scope import Family, Source


def level(arguments: Mapping[str, Any]) -> Family:
    """ᾱ_i; the clean image, below index 0, has 1."""

    def at(index: Tensor) -> Tensor:
        table, index = arguments["alphas_cumprod"].double(), index.long()
        return torch.where(index < 0, torch.ones((), dtype=table.dtype), table[index.clamp(min=0)])

    return Family(at)


def per_sample(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """A number, or one for each sample in a shape that multiplies images."""

    def shaped(arguments: Mapping[str, Any]) -> Tensor:
        value = torch.as_tensor(arguments[name], dtype=torch.float64)
        return value.reshape(-1, 1, 1, 1) if value.ndim else value

    return shaped


def at(task: str) -> Callable:
    """The function's own test points."""
    return partial(drawn, task)


LEVEL: dict[str, Source] = {
    "ᾱ": level,
    "t": per_sample("t"),
    "T": lambda a: torch.tensor(float(len(a["alphas_cumprod"])), dtype=torch.float64),
}
PREVIOUS: dict[str, Source] = {"prev": "t_prev", "t_{prev}": "t_prev"}
STRIDE: dict[str, Source] = {  # from t to t_prev
    **LEVEL,
    **PREVIOUS,
    "α": r"ᾱ_t / ᾱ_{prev}",
    "β": r"1 - α",
    r"\tilde β": r"\frac{1 - ᾱ_{prev}}{1 - ᾱ_t} β",
}
