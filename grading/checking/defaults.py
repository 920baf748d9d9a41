"""Calls of a graded function in which one argument is left out, beside the same call with its default."""

import ast
from collections.abc import Iterator
from typing import Any

import torch

from ..contract.functions import Function
from ..sandbox.crossing.values import Probe, Seeded
from .points import Draw, cases

# What the others are given meanwhile. Far from their own defaults, and so that the one that is left out shows: beside
# a sigma of 2, taps beyond the 33rd would be too small to be seen.
_OTHERS = {
    "num_train_steps": 40,
    "beta_start": 0.0005,
    "beta_end": 0.011,
    "offset": 0.1,
    "max_beta": 0.3,
    "eta": 0.6,
    "noise_fn": Probe("steady_noise"),
    "clip_x0": True,
    "kernel_size": 5,
    "sigma": 9.0,
    "scale": 0.8,
    "p": 2,
    "l1_weight": 2.0,
    "perceptual_weight": 0.7,
    "delta_weight": 0.3,
    "latent_weight": 0.6,
    "image_weight": 0.4,
    "generator": Seeded(7),
}
_WITHOUT_POINTS = {  # what functions are given besides that have no test points
    "x": torch.linspace(-1, 1, 40 * 3 * 20 * 24).reshape(40, 3, 20, 24),
    "mapping": Probe("Mapping"),
    "batch_size": 3,
    "z_dim": 4,
    "num_ws": 5,
    "encoder": Probe("PoorEncoder"),
    "generator_fn": Probe("FrozenGenerator"),
    "latent": torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(4, 3, 2),
}
# What a draw depends on cannot be held against another draw, and ten thousand samples are asked for elsewhere.
_ELSEWHERE = ("generator", "noise_fn", "num_samples")
FREE = {
    (
        "bells.soft_edges",
        "epsilon",
    ): "how edges are found is left open, and with it what rounds the corner at 0, if anything"
}


def left_out(function: Function, seed: int) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """(name, default, the other arguments) for each argument of a function that builds no network and does not search."""
    if not has_defaults_to_compare(function):
        return
    needed = required(function, seed)
    others = {name: value for name, value in _OTHERS.items() if name in function.defaults}
    if "mask" in function.defaults:
        others["mask"] = Draw([seed, 4]).mask(1, 1, *needed["target"].shape[2:])
    for name, text in function.defaults.items():
        if name not in _ELSEWHERE and (function.task, name) not in FREE:
            yield name, ast.literal_eval(text), needed | {key: value for key, value in others.items() if key != name}


def has_defaults_to_compare(function: Function) -> bool:
    """Networks and searches are held to theirs elsewhere."""
    pinned = any((function.task, name) not in FREE for name in function.defaults)
    return pinned and not (function.network or function.optimises)


def required(function: Function, seed: int) -> dict[str, Any]:
    """The arguments that have no default."""
    points = dict(cases(function.task, seed))
    point = points.get("defaults", next(iter(points.values()), _WITHOUT_POINTS))
    return {name: point[name] for name in function.parameters if name in point and name not in function.defaults}
