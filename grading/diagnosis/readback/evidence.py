"""When a reading counts: it must reproduce everything that came back, to within rounding, errors included."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...checking.compare import alike, precision
from ...checking.compare import tolerance as rounding
from ...sandbox.crossing.values import Leaf, fresh
from ...sandbox.student import NotAsked
from ...verdicts import Failure

Arguments = dict[str, Any]
Ask = Callable[..., Any]  # calls the student's function: Ask(**arguments) -> result; raises Failure
Predict = Callable[[Arguments], Tensor]


@dataclass(frozen=True)
class Answer:
    """One call: its arguments, what came back, or the type of the exception that came instead."""

    arguments: Arguments
    value: Any = None
    error: str = ""
    drew: bool = False  # random numbers of the global generators, as far as that was looked at


def answers(ask: Ask, calls: Iterable[Arguments]) -> list[Answer]:
    """Those that the student's code can be asked."""
    came: list[Answer] = []
    for arguments in calls:
        with contextlib.suppress(NotAsked):
            came.append(answer(ask, arguments))
    return came


def answer(ask: Ask, arguments: Arguments) -> Answer:
    try:
        return Answer(arguments, ask(**arguments))
    except Failure as failure:
        if not failure.error:
            raise
        return Answer(arguments, error=failure.error)


ANYTHING = object()  # what a reading gives that is not about values


def same_answer(one: Answer, other: Answer) -> bool:
    """The same call twice."""
    if one.error or other.error:
        return one.error == other.error
    first, second = as_tensor(one.value), as_tensor(other.value)
    if first is None or second is None or first.shape != second.shape:
        return (first is None) == (second is None) and getattr(first, "shape", None) == getattr(second, "shape", None)
    return torch.equal(first.nan_to_num(), second.nan_to_num())


def explains(predict: Predict, seen: Iterable[Answer], out_of_time: Callable[[], bool] = lambda: False) -> bool:
    """Whether a formula gives every one of these answers; what there was no time for is not explained."""
    return all(reproduces(predict, answer) and not out_of_time() for answer in seen)


def reproduces(predict: Predict, answer: Answer) -> bool:
    """Whether a formula gives this answer, or fails as the student's code did."""
    arguments = {name: fresh(doubled(value)) for name, value in answer.arguments.items()}
    try:
        expected = predict(arguments)
    except Exception as error:
        return bool(answer.error) and type(error).__name__ == answer.error
    if expected is ANYTHING:
        return True
    if answer.error:
        return False
    if not isinstance(expected, Tensor):
        return alike(expected, answer.value, _LEAST[precision(answer.arguments)])
    value = as_tensor(answer.value)
    if value is None or value.shape != expected.shape:
        return False
    if not expected.numel():
        return True
    difference, finite = (value.double() - expected).abs(), expected.nan_to_num()
    difference[(value == expected) | (value.isnan() & expected.isnan())] = 0.0
    if bool((difference <= _LEAST[precision(answer.arguments)] * finite.abs().max()).all()):
        return True
    allowed = rounding(finite, lambda nearby: predict(nearby).nan_to_num(), answer.arguments)
    return bool((difference <= allowed).all())


# What a chain of operations may lose in any case: 1−ᾱ of a float32 schedule is good to a few parts in 10^4 only.
_LEAST = {torch.float64: 1e-10, torch.float32: 1e-5}


def as_tensor(value: Any) -> Tensor | None:
    if isinstance(value, bool) or not isinstance(value, Tensor | float | int):
        return None
    tensor = torch.as_tensor(value, dtype=None if isinstance(value, Tensor) else torch.float64)
    return tensor if tensor.is_floating_point() or tensor.ndim == 0 else None


def bare(value: Any) -> Any:
    """The tensor of a leaf; checks hand in one or the other."""
    return value.tensor if isinstance(value, Leaf) else value


def plain(arguments: Arguments) -> Arguments:
    """Tensors for leaves: what a formula needs where no gradient is taken."""
    return {name: bare(value) for name, value in arguments.items()}


def size(arguments: Arguments) -> int:
    """How many numbers there are in the tensors of a call."""
    return sum(value.numel() for value in map(bare, arguments.values()) if isinstance(value, Tensor))


def doubled(value: Any) -> Any:
    """The same number, image or leaf in float64."""
    if isinstance(value, Leaf):
        return Leaf(value.tensor.double())
    return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value
