"""Recorded calls with their right results: what an edit has to give, quick to ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...checking.compare import assert_close, assert_same, exact, fixed_dtype, tolerance
from ...checking.remembered import remembered
from ...contract.functions import function
from ...sandbox.crossing.values import Seeded, all_fresh
from ...sandbox.replies import Observation, Reply
from ...sandbox.student import Student
from ...verdicts import Failure
from ..readback.evidence import as_tensor, size

LOOKED_AT = 40  # recorded calls, the smallest first, among which failing ones are looked for
A_STEP = 300  # numbers: a step of a chain, which asks the network, takes as long as that many more


@dataclass(frozen=True)
class Call:
    """A call that has one right result."""

    arguments: dict[str, Any]
    expected: Any
    allowed: float
    dtype: torch.dtype | None

    def demand(self, student: Student) -> Reply:
        return student(**all_fresh(self.arguments), recorded=False)

    def ask(self, student: Student) -> Reply | None:
        """What the student's function answers; None where it comes to no answer."""
        came = self.came(student)
        return None if isinstance(came, Failure) else came

    def came(self, student: Student) -> Reply | Failure:
        """What the student's function answers, or how it fails."""
        try:
            return self.demand(student)
        except Failure as failure:
            return failure

    def right(self, reply: Reply | None) -> bool:
        if reply is None or reply.changed or reply.grad_left:
            return False
        try:
            if isinstance(self.expected, Tensor):
                assert_close(reply, self.expected, self.allowed, self.dtype)
            else:
                assert_same(reply, self.expected)
        except Failure:
            return False
        return True

    def numbers(self, reply: Reply | None) -> Tensor | None:
        """What came back as one row of numbers; None where it has another shape than the right result, or holes."""
        value = as_tensor(reply.value) if reply is not None and self.in_form(reply) else None
        return value.double().flatten() if value is not None and bool(value.isfinite().all()) else None

    def in_form(self, reply: Reply) -> bool:
        """Whether it has the shape, or else the type, of the right result."""
        if not isinstance(self.expected, Tensor | float | int):
            return type(reply.value) is type(self.expected)
        value = as_tensor(reply.value)
        return value is not None and value.shape == torch.as_tensor(self.expected).shape

    @property
    def cost(self) -> int:
        return _cost(self.arguments)


def failing(student: Student, record: list[Observation], most: int) -> list[Call]:
    """Calls that are answered wrongly, the cheapest first and others spread over the record."""
    found: list[Call] = []
    for one in sorted(record, key=lambda one: _cost(one.arguments))[:LOOKED_AT]:
        call = with_one_result(student.task, one.arguments) if one.reply is not None or one.error else None
        if call is not None and not call.right(one.reply):
            found.append(call)
    short = (
        [] if not found else [call for call in _shorter(student.task, found[0]) if not call.right(call.ask(student))]
    )
    spread = found if len(found) < most else [found[i * (len(found) - 1) // (most - 1)] for i in range(most)]
    return [*short[:1], *spread][:most]


def _shorter(task: str, call: Call) -> Iterator[Call]:
    """The same call with a chain of one or two steps: each step asks the network, which takes most of the time."""
    chain, start = call.arguments.get("timesteps"), call.arguments.get("start", 0)
    if not isinstance(chain, list):
        return
    for steps in (1, 2):
        for part in (chain[: start + steps], *([] if start else [chain[-steps:]])):
            if len(part) < len(chain):
                shorter = with_one_result(task, call.arguments | {"timesteps": part})
                if shorter is not None:
                    yield shorter


@remembered
def with_one_result(task: str, arguments: dict[str, Any]) -> Call | None:
    """A call with its right result, where there is exactly one."""
    if function(task).optimises or any(isinstance(value, Seeded) for value in arguments.values()):
        return None  # another right function ends elsewhere, or draws other numbers from the same generator
    try:
        expected, again = (exact(task, all_fresh(arguments)) for _ in range(2))
        if not isinstance(expected, Tensor):
            return Call(arguments, expected, 0.0, None) if expected == again else None
        if not torch.equal(expected, again):
            return None
        expected = expected.double()
        allowed = tolerance(expected, lambda nearby: exact(task, nearby), all_fresh(arguments))
    except Exception:  # such as a call that is to be refused
        return None
    return Call(arguments, expected, allowed, fixed_dtype(task, arguments))


def _cost(arguments: dict[str, Any]) -> int:
    chain = arguments.get("timesteps")
    return size(arguments) + A_STEP * (len(chain) if isinstance(chain, list) else 0)
