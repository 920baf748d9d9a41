"""DDIM: the noise of a step, the step, the chain."""

from functools import partial

from ..points import steps
from ..scope import Source
from . import symbols
from .ddpm import CHAIN, ESTIMATE
from .levels import STRIDE, at

SIGMA: dict[str, Source] = {"η": "eta", "σ": r"η \sqrt{\tilde β}"}

SYMBOLS = {
    "ddim_sigma": symbols(STRIDE | {"η": "eta"}, ("σ",), at("ddim.ddim_sigma")),
    "ddim_step": symbols(
        {
            **STRIDE,
            **ESTIMATE,
            **SIGMA,
            "z": "noise",
            r"\hat x_0": r"\frac{x_t - \sqrt{1 - ᾱ_t} ε}{\sqrt{ᾱ_t}}",
        },
        ("x_{prev}",),
        at("ddim.ddim_step"),
    ),
    "sample_ddim": symbols(CHAIN | SIGMA, ("x_{prev}",), partial(steps, "ddim.sample_ddim")),
}
