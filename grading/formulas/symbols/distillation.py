"""Score distillation."""

from ..scope import Source
from . import symbols
from .levels import LEVEL, at

WEIGHT: dict[str, Source] = LEVEL | {"σ_t": r"\sqrt{1 - ᾱ_t}"}
ONE_DRAW: dict[str, Source] = {"𝔼": lambda _: ("t", "ε"), "w": lambda a: lambda _: 1 - LEVEL["ᾱ"](a).of(LEVEL["t"](a))}  # type: ignore[operator]

SYMBOLS = {
    "sds_weight": symbols(WEIGHT, ("w",), at("distillation.sds_weight")),
    "sds_residual": symbols(
        WEIGHT | ONE_DRAW | {r"\hat ε": "eps_pred", "ε": "noise"}, ("r",), at("distillation.sds_residual")
    ),
    "vsd_residual": symbols(
        WEIGHT | ONE_DRAW | {r"\hat ε": "eps_pretrained", "ε_φ": "eps_lora"}, ("r",), at("distillation.vsd_residual")
    ),
    "surrogate_loss": symbols(
        {"x": "x", "r": "residual", "B": lambda a: len(a["x"])}, ("L",), at("distillation.surrogate_loss")
    ),
}
