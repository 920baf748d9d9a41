"""Diffusion posterior sampling."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from reference import ddim

from ..points import steps
from ..scope import Source
from . import symbols
from .ddpm import CHAIN
from .levels import at


def _ddim(a: Mapping[str, Any]) -> Any:
    """DDIM(x_t, ε, t → t_prev), without a graph."""

    def step(x_t: Any, eps: Any, t: Any, t_prev: Any) -> Any:
        levels = int(t), int(t_prev), a["alphas_cumprod"]
        return ddim.ddim_step(x_t.detach(), eps.detach(), a["noises"][0], *levels, a["eta"])

    return step


MISFIT: dict[str, Source] = {"y": "measurement", "A": "operator", "x_t": "x_t", "ζ": "scale"}
ATTACHED: dict[str, Source] = MISFIT | {r"\hat x_0": lambda a: lambda *_: a["x0_hat"], "x_0": "x0_hat"}

SYMBOLS = {
    "dps_gradient": symbols(ATTACHED, ("g",), at("dps.dps_gradient")),
    "dps_step": symbols(ATTACHED | {"x_{prev}": "x_prev"}, ("x_{prev}",), at("dps.dps_step")),
    "sample_dps": symbols(CHAIN | MISFIT | {"DDIM": _ddim}, ("x_{prev}",), partial(steps, "dps.sample_dps")),
}
