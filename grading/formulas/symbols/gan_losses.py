"""GAN losses. What D is asked about is a picture's name: "real" or "fake"."""

from collections.abc import Mapping
from typing import Any

import torch

from ..scope import Source
from . import symbols
from .levels import at

FAKE: dict[str, Source] = {"z": lambda _: "code", "G": lambda _: lambda _z: "fake", "σ": lambda _: torch.sigmoid}


def _logits(a: Mapping[str, Any]) -> Any:
    return lambda picture: a[f"{picture}_logits"]


SYMBOLS = {
    "generator_loss": symbols(FAKE | {"D": _logits}, (r"\mathcal L_G",), at("gan_losses.generator_loss")),
    "discriminator_loss": symbols(
        FAKE | {"D": _logits, "x": lambda _: "real"}, (r"\mathcal L_D",), at("gan_losses.discriminator_loss")
    ),
    "r1_penalty": symbols(
        {"x": "real_images", "D": lambda a: lambda _: a["real_logits"], "γ": "gamma", "∇": "real_images"},
        ("R_1",),
        at("gan_losses.r1_penalty"),
    ),
}
