"""Name the mistake: which entry of the catalogue gives every single reply that came back?

A diagnosis is made only when it explains all calls, those that are right by chance included: results, gradients,
arguments changed in place, graphs and ``.grad`` left behind. It never changes points.
"""

import copy
import importlib
from typing import Any

import torch
from torch import Tensor

from .compare import ROUNDINGS, alike, precision
from .mistakes import CATALOGUE, Mistake
from .student import Observation
from .tasks import MODULES
from .worker.calls import perform

_FACTS = ("changed", "attached", "grad_left", "unfrozen", "moved_random_state", "kept_graph")
MAX_CALLS = 120  # replayed for each candidate; all checks of a function make about as many


def explanations(task: str, record: list[Observation]) -> list[Mistake]:
    """The catalogued mistakes that reproduce every observation."""
    observed = record[:MAX_CALLS]
    if not observed or any(observation.reply is None and not observation.error for observation in observed):
        return []
    return [mistake for mistake in _catalogue() if mistake.task == task and _explains(mistake, observed)]


def _catalogue() -> list[Mistake]:
    for module in MODULES:
        importlib.import_module(f"grading.mistakes.{module}")
    return CATALOGUE


def _explains(mistake: Mistake, observed: list[Observation]) -> bool:
    return all(_gives(mistake, observation) for observation in observed)


def _gives(mistake: Mistake, observation: Observation) -> bool:
    reply = observation.reply
    arguments = {name: _fresh(value) for name, value in observation.arguments.items()}
    try:
        made = perform(mistake.implementation, [], arguments, observation.cotangent)
    except Exception as error:  # a wrong formula may fail on a test point, as the student's did or not
        return reply is None and type(error).__name__ == observation.error
    if reply is None:
        return False
    allowed = 1e2 * ROUNDINGS * torch.finfo(precision(arguments)).eps
    return (
        alike(made["result"], reply.value, allowed)
        and all(made[key] == getattr(reply, key) for key in _FACTS)
        and alike(made.get("grads"), reply.grads, allowed)
    )


def _fresh(value: Any) -> Any:
    """A copy to call with: a mistake may change its arguments, and a noise source counts its calls."""
    return value.clone() if isinstance(value, Tensor) else copy.copy(value)
