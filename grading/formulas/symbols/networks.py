"""Formulas of the networks' parts that are functions by themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.networks import quality, stylegan

from ...checking.points import Draw
from ..points import Point
from ..scope import Family, Range
from . import symbols
from .matrices import Matrix


def _sets(seed: int) -> Iterator[Point]:
    draw = Draw(seed)
    a, b = draw.image(30, 4), 1.5 * draw.image(20, 4) + 0.4
    yield Point("two sets", {"a": a, "b": b}, torch.tensor(quality.frechet_distance(a, b), dtype=torch.float64))


def _weights(seed: int) -> Iterator[Point]:
    """Pictures of one channel each show the weights that a convolution had."""
    weight, styles = Draw(seed).image(3, 4, 1, 1), Draw(seed + 1).image(1, 4).abs() + 0.5
    answer = stylegan.modulated_conv2d(torch.eye(4, dtype=torch.float64)[:, :, None, None], weight, styles.expand(4, 4))
    yield Point("kernels of one pixel", {"weight": weight, "styles": styles}, answer[:, :, 0, 0].T[:, :, None])


def _upto(axis: int) -> Any:
    return lambda a: Range(0, a["weight"].shape[axis] - 1)


def _codes(seed: int) -> Iterator[Point]:
    torch.manual_seed(seed)
    network = stylegan.MappingNetwork(6, 4).double()
    z = Draw(seed).image(1, 6)
    yield Point("one code", {"network": network, "z": z}, network(z).detach())


def _layers(a: Mapping[str, Any]) -> Any:
    def through(z: Tensor) -> Tensor:
        for layer in a["network"].layers:
            z = F.leaky_relu(layer(z), stylegan.SLOPE)
        return z

    return through


SYMBOLS = {
    "frechet_distance": symbols(
        {
            "μ_a": lambda a: a["a"].mean(0),
            "μ_b": lambda a: a["b"].mean(0),
            "Σ_a": lambda a: Matrix(a["a"].T.cov()),
            "Σ_b": lambda a: Matrix(a["b"].T.cov()),
        },
        ("d^2",),
        _sets,
    ),
    "modulated_conv2d": symbols(
        {
            "s": lambda a: Family(lambda i: a["styles"][0, int(i)]),
            "W": lambda a: Family(lambda o, i, k: a["weight"].flatten(2)[int(o), int(i), int(k)]),
            "ε": lambda _: 1e-8,
            "i": _upto(1),
            "k": lambda _: Range(0, 0),
        },
        ("W''_{o, i, k}",),
        _weights,
        {"o": _upto(0), "i": _upto(1), "k": lambda _: Range(0, 0)},
    ),
    "MappingNetwork": symbols(
        {
            "f": _layers,
            "z": lambda a: Family(lambda i: a["z"][0, int(i)], whole=a["z"]),
            "Z": lambda a: a["z"].shape[1],
            "ε": lambda _: 1e-8,
            "i": lambda a: Range(0, a["z"].shape[1] - 1),
        },
        ("w",),
        _codes,
    ),
}
