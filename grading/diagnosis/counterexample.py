"""The smallest failing call, small enough to be done again by hand: what is shown where nothing known explains it."""

from typing import Any

import torch
from torch import Tensor

from ..checking.compare import exact, tolerance
from ..sandbox.crossing.values import Seeded
from ..sandbox.describe import describe_call
from ..sandbox.replies import Observation
from .readback.evidence import as_tensor, bare, fresh, size

_SHOWN = 12  # values of a tensor


def smallest_failing_call(task: str, record: list[Observation]) -> str:
    """The recorded call with the fewest numbers in it whose result is wrong, with its numbers."""
    for observation in sorted(record, key=lambda one: size(one.arguments)):
        expected = _expected(task, observation)
        if expected is None:
            continue
        reply = observation.reply
        if reply is None:
            came = observation.error
        else:
            value = as_tensor(reply.value)
            if value is not None and value.shape == expected.shape:
                arguments = {name: fresh(value) for name, value in observation.arguments.items()}
                allowed = tolerance(expected, lambda nearby: exact(task, nearby), arguments)
                if bool(((value.double() - expected).abs() <= allowed).all()):
                    continue
            came = _values(reply.value)
        call = describe_call(task.split(".")[1], observation.arguments)
        tensors = {name: bare(value) for name, value in observation.arguments.items()}
        inputs = "; ".join(f"{name} = {_values(v)}" for name, v in tensors.items() if isinstance(v, Tensor))
        return f"{call}, with {inputs}: expected {_values(expected)}, got {came}"
    return ""


def _expected(task: str, observation: Observation) -> Tensor | None:
    """The right result of a recorded call, where there is exactly one."""
    if observation.reply is None and not observation.error:
        return None
    if any(isinstance(value, Seeded) for value in observation.arguments.values()):
        return None  # another right function draws other numbers from the same generator
    try:
        arguments = {name: fresh(value) for name, value in observation.arguments.items()}
        expected, again = exact(task, arguments), exact(task, arguments)
    except Exception:  # such as a call that is to be refused
        return None
    same = isinstance(expected, Tensor) and torch.equal(expected, again)
    return expected.double() if same else None


def _values(value: Any) -> str:
    if not isinstance(value, Tensor):
        return str(value)[:80]
    shown = ", ".join(f"{number:.4g}" for number in value.flatten()[:_SHOWN].tolist())
    return f"{tuple(value.shape)} [{shown}{', …' if value.numel() > _SHOWN else ''}]"
