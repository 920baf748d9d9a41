"""Points for everybody: inputs from a public seed, each with its result, its gradients and what they may be off by.

A student's machine has no reference to ask: whatever a check compares with is computed here. Neither the goldens nor any
grading draws from this seed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import safetensors.torch
from torch import Tensor

from ..checking.checks.expect import IDENTITY
from ..checking.compare import exact, exact_gradients, fixed_dtype, precision, tolerance
from ..checking.defaults import left_out
from ..checking.golden import AGREEMENT
from ..checking.points import Draw, cases
from ..contract.functions import function
from ..contract.reference import reference_function
from ..sandbox.crossing import wire
from ..sandbox.crossing.values import Leaf, Probe

SEED = 498_726_180  # of everybody's inputs: the three courses
_DETACHED = re.compile(r"\bdetached\b|without a graph")  # what a docstring says of a result


def build(tasks: list[str]) -> dict[str, bytes]:
    """``points.json``, and the tensors of each module."""
    tensors: dict[str, dict[str, Tensor]] = {}
    points: dict[str, list[dict[str, Any]]] = {}
    for task in tasks:
        own = tensors.setdefault(task.split(".")[0], {})
        points[task] = [_point(task, says, arguments, own) for says, arguments in _cases(task)]
    files = {f"{module}.safetensors": safetensors.torch.save(own) for module, own in tensors.items() if own}
    document = {"seed": SEED, "points": points}
    return files | {"points.json": (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()}


def _cases(task: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a point shows, in words, and its arguments."""
    for label, arguments in cases(task, SEED):
        yield f"The result is the formula's: {label}.", arguments
    one = function(task)
    if one.exact:
        for name, default, arguments in left_out(one, SEED):
            yield f"{name} that is left out counts as {default!r}.", arguments


def _point(task: str, says: str, arguments: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Any]:
    expected = exact(task, arguments)
    point = {"says": says, "arguments": wire.pack(arguments, tensors), "expected": wire.pack(expected, tensors)}
    if not isinstance(expected, Tensor):
        return point
    allowed = tolerance(expected, lambda nearby: exact(task, nearby), arguments)
    point["allowed"] = allowed + AGREEMENT * float(expected.abs().max())
    point["detached"] = bool(_DETACHED.search(reference_function(task).__doc__ or ""))
    if (dtype := fixed_dtype(task, arguments)) is not None:
        point["dtype"] = str(dtype).removeprefix("torch.")
    return point | _gradients(task, arguments, expected, tensors)


def _gradients(task: str, arguments: dict[str, Any], expected: Tensor, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Of losses, in float64: what flows back into the arguments and into the networks behind them."""
    differentiable = any(isinstance(value, Leaf | Probe) for value in arguments.values())
    if not (function(task).loss and differentiable and str(precision(arguments)) == "torch.float64"):
        return {}
    cotangent = Draw([SEED, 2]).image(*expected.shape)
    gradients = exact_gradients(task, arguments, cotangent) or {}
    largest = max((float(one.abs().max()) for one in gradients.values() if one is not None), default=0.0)
    return {
        "cotangent": wire.pack(cotangent, tensors),
        "gradients": wire.pack(gradients, tensors),
        "gradients_allowed": IDENTITY * max(1.0, largest),
    }
