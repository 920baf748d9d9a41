"""DDPM: the estimate, the posterior, a step of the chain."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from reference import ddpm

from ..points import steps
from ..scope import Source
from . import symbols
from .levels import LEVEL, STRIDE, at

ESTIMATE: dict[str, Source] = {"x_t": "x_t", "ε": "eps", "ε_θ": lambda a: lambda *_: a["eps"]}


def network(a: Mapping[str, Any]) -> Any:
    """ε(x_t, t): the network takes t as a whole number."""
    return lambda x, t: a["eps_model"](x, int(t))


def estimate(a: Mapping[str, Any]) -> Any:
    """x̂_0(x_t, ε), or x̂_0(x_t) with the network's own estimate of the noise."""

    def of(x_t: Tensor, eps: Tensor | None = None) -> Tensor:
        eps = a["eps_model"](x_t, a["t"]) if eps is None else eps
        return ddpm.predict_x0(x_t, eps, a["t"], a["alphas_cumprod"])

    return of


def posterior(a: Mapping[str, Any]) -> Any:
    """A draw of q(x_prev | x_t, x_0) with the step's own noise."""
    return lambda _, x_t, x0: ddpm.posterior_step(x_t, x0, a["noises"][0], a["t"], a["t_prev"], a["alphas_cumprod"])


CHAIN: dict[str, Source] = {  # a step that a sampler takes
    **STRIDE,
    "x_t": "x_t",
    "x_{prev}": lambda _: None,
    "ε": network,
    "ε_θ": network,
    r"\hat x_0": estimate,
    "q": posterior,
    "z": lambda a: a["noises"][0],
}

SYMBOLS = {
    "predict_x0": symbols(LEVEL | ESTIMATE, (r"\hat x_0", "x_0"), at("ddpm.predict_x0")),
    "posterior_variance": symbols(STRIDE, (r"\tilde β",), at("ddpm.posterior_variance")),
    "posterior_step": symbols(
        {
            **STRIDE,
            "x_t": "x_t",
            "x_0": "x0",
            r"\hat x_0": "x0",
            "z": "noise",
            "ε": r"\frac{x_t - \sqrt{ᾱ_t} x_0}{\sqrt{1 - ᾱ_t}}",
        },
        ("x_{prev}",),
        at("ddpm.posterior_step"),
    ),
    "sample_ddpm": symbols(CHAIN, ("x_{prev}",), partial(steps, "ddpm.sample_ddpm")),
}
