"""Augmentation. What a transform drew is drawn again from the same seed; where its box lies is read off its answer."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from reference import augment

from ...checking.points import Draw
from ..points import Point
from ..scope import Family, Range, Source
from . import symbols
from .illusions import columns, rows

SHAPE = (4, 3, 16, 24)


def _source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _points(transform: Callable[..., Tensor], **options: Any) -> Callable[[int], Iterator[Point]]:
    def points(seed: int) -> Iterator[Point]:
        x = Draw(seed).image(*SHAPE)
        for draw in range(seed, seed + 3):
            arguments = {"x": x, "seed": draw, "again": _source(draw), **options}
            yield Point(f"draw {draw}", arguments, transform(x, generator=_source(draw), **options))

    return points


def _uniform(a: Mapping[str, Any]) -> Tensor:
    return augment.uniform((len(a["x"]), 1, 1, 1), a["x"], _source(a["seed"])).double()


def _whole(place: int, axis: int) -> Source:
    """How far rand_translation has moved each sample down or to the right."""

    def moved(a: Mapping[str, Any]) -> Tensor:
        most = round(a["x"].shape[axis] / 8)
        u = augment.uniform((2, len(a["x"]), 1), a["x"], _source(a["seed"]))[place]
        return (most - (u * (2 * most + 1)).long()).double().reshape(-1, 1, 1)

    return moved


def _with_zeros(a: Mapping[str, Any]) -> Family:
    """x_{i, j} of every sample, 0 outside of the image."""
    x: Tensor = a["x"]
    batch, _, height, width = x.shape

    def at(i: Tensor, j: Tensor) -> Tensor:
        i, j = torch.broadcast_tensors(i.long(), j.long())
        inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
        samples = torch.arange(batch)[:, None, None]
        values = x.movedim(1, -1)[samples, i.clamp(0, height - 1), j.clamp(0, width - 1)]
        return (values * inside[..., None]).movedim(-1, 1)

    return Family(at, whole=x)


def _box(axis: int, side: bool) -> Source:
    """A box's first row or column, or its side, of each sample; as the function cuts it out of ones."""

    def measured(a: Mapping[str, Any]) -> Tensor:
        ones = augment.rand_cutout(torch.ones_like(a["x"]), a["ratio_range"], _source(a["seed"]))
        cut = (ones[:, 0] == 0).any(dim=4 - axis)  # (B, H) or (B, W): over the other side
        first = cut.double().argmax(dim=1)
        return (cut.sum(dim=1) if side else first).double().reshape(-1, 1, 1, 1)

    return measured


def _transforms(a: Mapping[str, Any]) -> Family:
    """T_1, T_2, …, the policy's, each with what the generator gives next."""
    named: dict[str, list[Callable[..., Tensor]]] = {
        "color": [augment.rand_brightness, augment.rand_saturation, augment.rand_contrast],
        "translation": [augment.rand_translation],
        "cutout": [augment.rand_cutout],
    }
    transforms = [one for name in a["policy"].split(",") for one in named[name]]
    return Family(lambda i: lambda x: transforms[int(i) - 1](x, generator=a["again"]))


def _number(a: Mapping[str, Any]) -> float:
    return float(sum(3 if name == "color" else 1 for name in a["policy"].split(",")))


SIDES: dict[str, Source] = {
    "H": lambda a: a["x"].shape[2],
    "W": lambda a: a["x"].shape[3],
    "C": lambda a: a["x"].shape[1],
}
PIXELS: dict[str, Source] = {"i": rows, "j": columns, "c": lambda _: 0}
COLOUR: dict[str, Source] = {"u": _uniform, "n": "seed"}


def _channel(a: Mapping[str, Any]) -> Family:
    """x_c, and x_{c, i, j}: a number for each sample."""

    def at(c: Tensor, *pixel: Tensor) -> Tensor:
        plane = a["x"][:, int(c)][:, None]
        return plane[:, :, int(pixel[0]), int(pixel[1])][:, :, None, None] if pixel else plane

    return Family(at, whole=a["x"])


def _upto(axis: int) -> Source:
    return lambda a: Range(0, a["x"].shape[axis] - 1)


OVER_ALL: dict[str, Source] = {"x": _channel, "c": _upto(1), "i": _upto(2), "j": _upto(3)}

SYMBOLS = {
    "rand_brightness": symbols(COLOUR | {"x": "x"}, ("y",), _points(augment.rand_brightness)),
    "rand_saturation": symbols(COLOUR | SIDES | OVER_ALL, ("y",), _points(augment.rand_saturation)),
    "rand_contrast": symbols(COLOUR | SIDES | OVER_ALL, ("y",), _points(augment.rand_contrast)),
    "rand_translation": symbols(
        SIDES | PIXELS | {"x": _with_zeros, "a": _whole(0, 2), "b": _whole(1, 3)},
        ("y_{i, j}",),
        _points(augment.rand_translation),
    ),
    "rand_cutout": symbols(
        {
            **SIDES,
            **PIXELS,
            "x": lambda a: Family(lambda *_: a["x"]),
            "top": _box(2, side=False),
            "left": _box(3, side=False),
            "h": _box(2, side=True),
            "w": _box(3, side=True),
            "r": lambda a: Family(lambda i: a["ratio_range"][int(i)]),
        },
        ("y_{c, i, j}",),
        _points(augment.rand_cutout, ratio_range=(0.25, 0.5)),
    ),
    "diff_augment": symbols(
        {"x": "x", "T": _transforms, "n": _number},
        ("T",),
        _points(augment.diff_augment, policy="color,translation,cutout"),
    ),
}
