"""Schedules and the forward process."""

from collections.abc import Mapping
from typing import Any

import torch

from ..scope import Family, Range, Source
from . import symbols
from .levels import LEVEL, at

ENDS: dict[str, Source] = {"β_{start}": "beta_start", "β_{end}": "beta_end", "T": "num_train_steps"}
STEPS = {"t": lambda a: Range(0, a["num_train_steps"] - 1)}


def _draw(a: Mapping[str, Any]) -> Any:
    """A draw of a normal distribution is its mean and so much of the noise that the function was given."""
    return lambda _, mean, variance: mean + variance**0.5 * a["noise"]


SYMBOLS = {
    "linear_betas": symbols(ENDS, ("β_t",), at("noising.linear_betas"), STEPS),
    "scaled_linear_betas": symbols(ENDS, ("β_t",), at("noising.scaled_linear_betas"), STEPS),
    "cosine_betas": symbols(
        {"s": "offset", "β_{max}": "max_beta", "T": "num_train_steps"}, ("β_t",), at("noising.cosine_betas"), STEPS
    ),
    "cumulative_alphas": symbols(
        {
            "β": lambda a: Family(lambda i: a["betas"][int(i)]),
            "T": lambda a: torch.tensor(float(len(a["betas"]))),
        },
        ("ᾱ_t",),
        at("noising.cumulative_alphas"),
        {"t": lambda a: Range(0, len(a["betas"]) - 1)},
    ),
    "strided_timesteps": symbols(
        {"T": "num_train_steps", "S": "num_inference_steps", "k": r"⌊T / S⌋"}, (), at("noising.strided_timesteps")
    ),
    "add_noise": symbols(
        LEVEL | {"x_0": "x0", "ε": "noise", "𝒩": _draw, "N": _draw, "x_t": lambda _: None},
        ("x_t", "q"),
        at("noising.add_noise"),
    ),
}
