"""CMU's bells."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from reference import bells, inversion

from ...checking.points import Draw
from ...sandbox.crossing.probes import build
from ..points import Point
from ..scope import Family, Range, Source
from . import symbols
from .inversion import SCRIBBLE, SEARCH, samples
from .levels import at


def _edges(seed: int) -> Iterator[Point]:
    image = Draw(seed).image(2, 3, 5, 7)
    for epsilon in (1e-3, 0.2):
        yield Point(f"ε = {epsilon}", {"x": image, "epsilon": epsilon}, bells.soft_edges(image, epsilon))


def _sketches(seed: int) -> Iterator[Point]:
    draw = Draw(seed)
    for shape in ((3, 1, 5, 7), (1, 1, 5, 7)):
        image, sketch = draw.images(2)
        arguments = {"image": image, "sketch": sketch, "mask": draw.mask(*shape)}
        yield Point(f"a mask of shape {shape}", arguments, bells.sketch_loss(**arguments))


def _guesses(seed: int) -> Iterator[Point]:
    encoder, generator_fn, latent = build("PoorEncoder"), build("FrozenGenerator"), Draw(seed).image(4, 3, 2)
    for weights in ((1.0, 1.0), (0.7, 0.2)):
        loss = bells.encoder_loss(encoder, generator_fn, latent, *weights)
        arguments = {"encoder": encoder, "generator_fn": generator_fn, "latent": latent}
        arguments |= {"latent_weight": weights[0], "image_weight": weights[1]}
        yield Point(f"weights {weights}", arguments, loss.detach())


def _starts(seed: int) -> Iterator[Point]:
    """Several starts, of which another one is best each time; which, is what the formula is about."""
    draw = Draw(seed)
    valleys, height = build("TwoValleys"), build("Height")
    for turn in range(2):
        starts = [torch.full((1, 2), place, dtype=torch.float64) for place in (1.4, 1.1)]
        starts.insert(turn, torch.full((1, 2), -draw.number(1.2, 1.6), dtype=torch.float64))
        target = torch.zeros(1, 2, 1, 1, dtype=torch.float64)
        ends = [inversion.invert(valleys, target, start, height, 50)[0] for start in starts]
        found, _ = bells.invert_best_of(valleys, target, starts, height, 50)
        arguments = {"generator_fn": valleys, "target": target, "loss_fn": height, "latents": starts, "ends": ends}
        best = min(range(3), key=lambda k: float((ends[k] - found).abs().max()))
        yield Point(f"the best is number {turn}", arguments | {"latent": starts[0]}, torch.tensor(float(best)))


def _grid(axis: int, name: str) -> Source:
    def places(a: Mapping[str, Any]) -> Tensor:
        numbers = torch.arange(a[name].shape[axis], dtype=torch.float64)
        return numbers[:, None] if axis == 2 else numbers[None, :]

    return places


def _brightness(a: Mapping[str, Any]) -> Family:
    """x̄_{i, j}, the border repeated outwards."""
    mean = a["x"].mean(dim=1, keepdim=True)
    height, width = mean.shape[2:]
    return Family(lambda i, j: mean[:, :, i.long().clamp(0, height - 1), j.long().clamp(0, width - 1)], whole=mean)


def _displaced(channel: int) -> Source:
    return lambda a: Family(lambda i, j: a["flow"][:, channel])


def _between_pixels(a: Mapping[str, Any]) -> Any:
    """x(row, column), bilinear, the border held outside."""
    image: Tensor = a["image"]
    batch, _, height, width = image.shape
    values, which = image.movedim(1, -1), torch.arange(batch)[:, None, None]

    def at(row: Tensor, column: Tensor) -> Tensor:
        row, column = row.clamp(0, height - 1), column.clamp(0, width - 1)
        top, left = row.floor().clamp(max=height - 2), column.floor().clamp(max=width - 2)
        total = torch.zeros_like(image)
        for down in (0, 1):
            for right in (0, 1):
                weight = (1 - (row - top - down).abs()) * (1 - (column - left - right).abs())
                corner = values[which, top.long() + down, left.long() + right]
                total = total + (weight[..., None] * corner).movedim(-1, 1)
        return total

    return at


def _alone(function: Any) -> Any:
    """A function of batches, for one sample."""
    return lambda *samples: function(*(one[None] for one in samples))[0]


SYMBOLS = {
    "soft_edges": symbols(
        {r"\bar x": _brightness, "ε": "epsilon", "i": _grid(2, "x"), "j": _grid(3, "x")}, ("E",), _edges
    ),
    "sketch_loss": symbols(SCRIBBLE | {"E": lambda _: _alone(bells.soft_edges)}, (r"\mathcal L",), _sketches),
    "warp": symbols(
        {
            "x": _between_pixels,
            "i": _grid(2, "image"),
            "j": _grid(3, "image"),
            "u^{down}": _displaced(0),
            "u^{right}": _displaced(1),
        },
        ("y_{i, j}",),
        at("bells.warp"),
    ),
    "warp_loss": symbols(
        SCRIBBLE
        | {
            "S": lambda _: None,
            "x": samples(lambda a: a["source"]),
            "u": samples(lambda a: a["flow"]),
            "warp": lambda _: _alone(bells.warp),
        },
        (r"\mathcal L",),
        at("bells.warp_loss"),
    ),
    "encoder_loss": symbols(
        {"P": "encoder", "G": "generator_fn", "w": "latent", "λ_w": "latent_weight", "λ_x": "image_weight"},
        (r"\mathcal L",),
        _guesses,
    ),
    "encoder_start": symbols({"P": "encoder", "x": "target"}, ("w_0",), at("bells.encoder_start")),
    "invert_best_of": symbols(
        {
            **SEARCH,
            "k": lambda a: Range(0, len(a["latents"]) - 1),
            "w": lambda a: Family(lambda k: a["latents"][int(k)]),
            "δ^*": lambda a: Family(lambda k: a["ends"][int(k)] - a["latents"][int(k)]),
        },
        ("k",),
        _starts,
    ),
}
