"""Whether a rewritten mistake computes what the catalogue's does, seen on our side: it is our own code."""

import types
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ...checking.compare import alike, fixed_dtype
from ...checking.defaults import required
from ...checking.points import cases
from ...contract.functions import Function, function
from ...diagnosis import mistakes
from ...sandbox.crossing.calls import perform
from ...sandbox.crossing.values import Leaf, Seeded, fresh
from . import restyled

ALLOWED = {torch.float64: 1e-9, torch.float32: 1e-4}  # of a result's size
_FACTS = ("changed", "attached", "grad_left", "unfrozen", "moved_random_state", "seeded", "kept_graph")


def implementation(task: str, name: str, way: str) -> Callable:
    """A mistake as a way rewrites it."""
    return getattr(_module(task.split(".")[0], way), name)  # type: ignore[no-any-return]


@cache
def _module(module: str, way: str) -> types.ModuleType:
    """Stands where the catalogue's stands, so that its imports mean the same; nothing else can import it."""
    made = types.ModuleType(f"{mistakes.__name__}.{module}")
    made.__package__ = mistakes.__name__
    exec(compile(restyled(module, way).source, f"<{module}, {way}>", "exec"), made.__dict__)
    return made


def computes_the_same(task: str, original: Callable, other: Callable, seed: int) -> bool:
    """On every point; at least one has to give a result."""
    known = function(task)
    points = [arguments for _, arguments in cases(task, seed)]
    if not points and not known.network and not known.optimises:
        more = {"generator": Seeded(7)} if "generator" in known.parameters else {}
        points = [required(known, seed) | more]
    came = [(_answer(known, original, one), _answer(known, other, one), one) for one in points]
    some = any(not isinstance(first, str) for first, _, _ in came)
    return some and all(_same(task, first, second, one) for first, second, one in came)


def _answer(known: Function, implementation: Callable, arguments: dict[str, Any]) -> dict[str, Any] | str:
    given = {name: fresh(value) for name, value in arguments.items()}
    cotangent = None
    if known.loss:
        given = {name: Leaf(value) if _is_image(value) else value for name, value in given.items()}
        cotangent = torch.ones(())
    torch.manual_seed(0)
    try:
        return perform(implementation, [], given, cotangent)
    except Exception as error:
        return type(error).__name__


def _is_image(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.ndim > 1


def _same(task: str, first: dict[str, Any] | str, second: dict[str, Any] | str, arguments: dict[str, Any]) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    fixed = fixed_dtype(task, arguments)
    allowed = ALLOWED[fixed or torch.float32]
    one, other = _plain(first["result"]), _plain(second["result"])
    dtypes = fixed is not None and isinstance(one, Tensor) and isinstance(other, Tensor) and one.ndim > 0
    if dtypes and one.dtype != other.dtype:
        return False
    if not all(first[fact] == second[fact] for fact in _FACTS):
        return False
    return alike(one, other, allowed) and alike(_plain(first.get("grads")), _plain(second.get("grads")), allowed)


def _plain(value: Any) -> Any:
    """With nan and infinity as numbers."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value.nan_to_num(nan=1e3, posinf=2e3, neginf=-2e3) if isinstance(value, Tensor) else value
