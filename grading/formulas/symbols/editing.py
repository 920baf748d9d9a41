"""SDEdit and inpainting."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from reference import ddpm, noising

from ..points import steps
from . import symbols
from .ddpm import CHAIN, estimate
from .levels import LEVEL, PREVIOUS, at


def _chain(a: Mapping[str, Any]) -> Any:
    """DDPM from an image at t_start over the rest of the list."""
    return lambda x_t, *_: ddpm.sample_ddpm(
        a["eps_model"], x_t, a["timesteps"][a["start"] :], a["alphas_cumprod"], a["noise_fn"]
    )


def _known(a: Mapping[str, Any]) -> Any:
    """The original at the level that the chain has reached, with noise of its own."""
    if a["t_prev"] < 0:
        return a["x_orig"]
    return noising.add_noise(a["x_orig"], a["noises"][1], a["t_prev"], a["alphas_cumprod"])


def _estimated(a: Mapping[str, Any]) -> Any:
    return estimate(a)(a["x_t"])


SYMBOLS = {
    "sdedit": symbols(
        {
            "ᾱ": LEVEL["ᾱ"],
            "x_{orig}": "image",
            "ε": "noise",
            "t_{start}": lambda a: a["timesteps"][a["start"]],
            "t_{start + 1}": lambda _: None,
            "DDPM": _chain,
        },
        ("x_0",),
        at("editing.sdedit"),
    ),
    "repaint_blend": symbols(
        PREVIOUS | {"ᾱ": LEVEL["ᾱ"], "m": "edit_mask", "x_{prev}": "x_prev", "x_{orig}": "x_orig", "ε": "noise"},
        ("x_{prev}",),
        at("editing.repaint_blend"),
    ),
    "inpaint": symbols(
        CHAIN | {r"\hat x_0": _estimated, "m": "edit_mask", "x_{orig, prev}": _known},
        ("x_{prev}",),
        partial(steps, "editing.inpaint"),
    ),
}
