"""GAN losses. What D is asked about is a picture's name: "real" or "fake"."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from ..points import Point, drawn
from ..scope import Source
from . import symbols
from .levels import at

EXTREME = 20

FAKE: dict[str, Source] = {"z": lambda _: "code", "G": lambda _: lambda _z: "fake", "σ": lambda _: torch.sigmoid}


def _logits(a: Mapping[str, Any]) -> Any:
    return lambda picture: a[f"{picture}_logits"]


def _moderate(task: str) -> Callable[[int], Iterator[Point]]:
    """Logits whose sigmoid is neither 0 nor 1 in float64: a formula may be right there and have no number."""

    def points(seed: int) -> Iterator[Point]:
        for point in drawn(task, seed):
            if all(float(value.detach().abs().max()) < EXTREME for value in point.arguments.values()):
                yield point

    return points


SYMBOLS = {
    "generator_loss": symbols(FAKE | {"D": _logits}, (r"\mathcal L_G",), _moderate("gan_losses.generator_loss")),
    "discriminator_loss": symbols(
        FAKE | {"D": _logits, "x": lambda _: "real"}, (r"\mathcal L_D",), _moderate("gan_losses.discriminator_loss")
    ),
    "r1_penalty": symbols(
        {"x": "real_images", "D": lambda a: lambda _: a["real_logits"], "γ": "gamma", "∇": "real_images"},
        ("R_1",),
        at("gan_losses.r1_penalty"),
    ),
}
