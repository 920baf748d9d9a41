"""Losses for finding a latent, and the search."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from reference import inversion

from ...checking.points import Draw
from ...sandbox.crossing.probes import build
from ..points import Point, drawn
from ..scope import Family, Range, Source
from . import symbols
from .levels import at
from .matrices import Matrix


def elements(of: Any) -> Source:
    """a_i: one number after the other."""
    return lambda a: Family(lambda i: of(a).flatten()[int(i)], whole=of(a))


def samples(of: Any) -> Source:
    """M_b: one sample after the other."""
    return lambda a: Family(lambda i: of(a)[int(i)], whole=of(a))


def _mask(a: Mapping[str, Any]) -> Tensor:
    """1 for everything where there is none."""
    mask = a["mask"]
    return torch.ones_like(a["pred"]) if mask is None else mask.expand_as(a["pred"])


def not_empty(seed: int) -> Iterator[Point]:
    """A mean over nothing is 0 in the contract, and no number in a formula."""
    yield from (point for point in drawn("inversion.lp_loss", seed) if _mask(point.arguments).any())


def _features(a: Mapping[str, Any]) -> Family:
    return Family(lambda layer: lambda image: a["features_fn"](image)[int(layer) - 1])


def _layer_size(axis: int) -> Source:
    return lambda a: Family(lambda layer: torch.tensor(float(a["features_fn"](a["pred"])[int(layer) - 1].shape[axis])))


def _search(seed: int) -> Iterator[Point]:
    draw = Draw(seed)
    arguments: dict[str, Any] = {
        "generator_fn": build("FrozenGenerator"),
        "target": draw.image(2, 2, 3, 4),
        "latent": draw.image(2, 6),
        "loss_fn": _with_penalty,
    }
    found, _ = inversion.invert(**arguments)
    yield Point("a linear generator", arguments, found - arguments["latent"])


def _with_penalty(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
    return inversion.lp_loss(pred, target, p=2) + 0.05 * inversion.delta_penalty(delta)


def count(name: str) -> Source:
    return lambda a: len(a[name])


def indices(name: str) -> Source:
    return lambda a: Range(0, len(a[name]) - 1)


DELTA: dict[str, Source] = {"δ": samples(lambda a: a["delta"]), "n": indices("delta"), "N": count("delta")}
SEARCH: dict[str, Source] = {
    "G": "generator_fn",
    "x": "target",
    "w_0": "latent",
    r"\mathcal L": "loss_fn",
    "δ": lambda a: torch.zeros_like(a["latent"]),
}
SCRIBBLE: dict[str, Source] = {
    "M": samples(lambda a: a["mask"].expand(len(a["image"]), -1, -1, -1)),
    "S": samples(lambda a: a["sketch"]),
    "b": indices("image"),
    "B": count("image"),
    "z": lambda _: None,
    "G": lambda a: lambda _: a["image"],
}

SYMBOLS = {
    "lp_loss": symbols(
        {
            "a": elements(lambda a: a["pred"]),
            "b": elements(lambda a: a["target"]),
            "m": elements(_mask),
            "i": lambda a: Range(0, a["pred"].numel() - 1),
            "p": "p",
        },
        (r"\mathcal L",),
        not_empty,
    ),
    "perceptual_loss": symbols(
        {
            "a": "pred",
            "b": "target",
            "φ": _features,
            "l": lambda a: Range(1, len(a["features_fn"](a["pred"]))),
            "B": count("pred"),
            "C": _layer_size(1),
            "H": _layer_size(2),
            "W": _layer_size(3),
        },
        (r"\mathcal L",),
        at("inversion.perceptual_loss"),
    ),
    "delta_penalty": symbols(DELTA, (r"\mathcal L",), at("inversion.delta_penalty")),
    "inversion_loss": symbols(
        {
            **DELTA,
            "a": "pred",
            "b": "target",
            "M": _mask,
            "λ_1": "l1_weight",
            "λ_φ": "perceptual_weight",
            "λ_δ": "delta_weight",
            r"\mathcal L_1": lambda _: lambda a, b, mask: inversion.lp_loss(a, b, 1, mask),
            r"\mathcal L_φ": lambda a: lambda x, y: inversion.perceptual_loss(x, y, a["features_fn"]),
        },
        (r"\mathcal L",),
        at("inversion.inversion_loss"),
    ),
    "invert": symbols(SEARCH, ("δ^*",), _search),
    "scribble_loss": symbols(SCRIBBLE, (r"\mathcal L",), at("inversion.scribble_loss")),
    "gram_matrix": symbols(
        {
            "F": lambda a: Matrix(a["features"].flatten(2)),
            "C": lambda a: a["features"].shape[1],
            "H": lambda a: a["features"].shape[2],
            "W": lambda a: a["features"].shape[3],
        },
        ("𝒢",),
        at("inversion.gram_matrix"),
    ),
}
