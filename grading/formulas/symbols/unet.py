"""Training losses of the UNets. The networks' own formulas only name them (``NOT_EVALUATED``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..scope import Source
from . import symbols
from .levels import LEVEL, at


@dataclass(frozen=True)
class Told:
    """A class, and for which samples the network is told it: c · keep is no product of numbers."""

    labels: Tensor
    keep: Tensor

    def __mul__(self, keep: Tensor) -> "Told":
        return Told(self.labels, self.keep * keep)


def times(t: Tensor, x: Tensor) -> Tensor:
    """One time per sample, as networks take it."""
    return t.reshape(-1).expand(len(x)).to(x.dtype)


def of_class(a: Mapping[str, Any]) -> Told:
    return Told(a["labels"], 0 * a["x0"][:, 0, 0, 0] + 1)


TRAINED: dict[str, Source] = LEVEL | {"x_0": "x0", "ε": "noise"}

SYMBOLS = {
    "denoiser_loss": symbols(
        {"D_θ": "model", "x_0": "x0", "σ": "sigma", "ε": "noise"}, ("L",), at("unet.denoiser_loss")
    ),
    "ddpm_loss": symbols(
        TRAINED | {"ε_θ": lambda a: lambda x, t: a["model"](x, times(t, x))}, ("L",), at("unet.ddpm_loss")
    ),
    "class_ddpm_loss": symbols(
        {
            **TRAINED,
            "x_t": r"\sqrt{ᾱ_t} x_0 + \sqrt{1 - ᾱ_t} ε",
            "c": of_class,
            "keep": "keep",
            "ε_θ": lambda a: lambda x, c, t: a["model"](x, c.labels, times(t, x), c.keep),
        },
        ("L",),
        at("unet.class_ddpm_loss"),
    ),
}
