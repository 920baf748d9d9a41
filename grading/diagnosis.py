"""Name the mistake: which entry of the catalogue gives every single result that came back?

A diagnosis is made only when it explains all test points, those that are right by chance included. It never changes
points.
"""

import importlib
from typing import Any

import torch
from torch import Tensor

from .compare import ROUNDINGS, precision
from .mistakes import CATALOGUE, Mistake
from .tasks import MODULES
from .worker.values import materialise

Observation = tuple[dict[str, Any], Any]  # arguments and the value that came back


def explanations(task: str, observations: list[Observation]) -> list[Mistake]:
    """The catalogued mistakes that reproduce every observation."""
    if not observations or not all(isinstance(value, Tensor | list | float) for _, value in observations):
        return []
    return [mistake for mistake in _catalogue() if mistake.task == task and _explains(mistake, observations)]


def _catalogue() -> list[Mistake]:
    for module in MODULES:
        importlib.import_module(f"grading.mistakes.{module}")
    return CATALOGUE


def _explains(mistake: Mistake, observations: list[Observation]) -> bool:
    return all(_gives(mistake, arguments, value) for arguments, value in observations)


def _gives(mistake: Mistake, arguments: dict[str, Any], value: Any) -> bool:
    try:
        made = mistake.implementation(**materialise(arguments))
    except Exception:  # a wrong formula may fail on a test point; then it does not explain the point
        return False
    if not isinstance(made, Tensor) or not isinstance(value, Tensor | float):
        return type(made) is type(value) and made == value
    got = torch.as_tensor(value).double()
    if got.shape != made.shape:
        return False
    wanted = made.detach().double()
    scale = float(wanted.abs().max()) if wanted.numel() else 0.0
    allowed = 1e3 * ROUNDINGS * torch.finfo(precision(arguments)).eps * max(scale, 1e-3)
    return bool(((got - wanted).abs() <= allowed).all())
