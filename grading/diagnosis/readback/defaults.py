"""What a function takes for an argument that is left out: the value with which the right formula gives the answer."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from ...checking.compare import exact
from ...checking.defaults import left_out
from ...contract.functions import FUNCTIONS, function
from ...sandbox.crossing.values import fresh
from ...verdicts import Finding
from .evidence import ANYTHING, Arguments, Ask, answer, reproduces
from .readings import other_default

_SEED = 71
_FACTORS = (0.0, -1.0, 0.5, 2.0, 0.1, 10.0, 0.01, 100.0, 1000.0)


@dataclass(frozen=True)
class Defaults:
    """The right formula with other values for arguments that are left out; of some it is not known which."""

    task: str
    taken: dict[str, Any]  # None where no value that was tried gives the answer

    def predict(self, arguments: Arguments) -> Any:
        if any(value is None and name not in arguments for name, value in self.taken.items()):
            return ANYTHING
        return exact(self.task, {name: fresh(value) for name, value in (self.taken | arguments).items()})

    def findings(self) -> list[Finding]:
        # Of a value that nobody has thought of the check says that it is another one.
        return [other_default(self.task, name, value) for name, value in self.taken.items() if value is not None]


def defaults(task: str, ask: Ask) -> Iterator[Defaults]:
    """At most one: every argument whose default is another one."""
    if not function(task).exact:
        return
    taken: dict[str, Any] = {}
    for name, right, others in left_out(function(task), _SEED):
        if not reproduces(partial(exact, task), answer(ask, others | {name: right})):
            return  # more is wrong than a default
        came = answer(ask, others)
        values = [right, *_others(right)]
        taken[name] = next((v for v in values if reproduces(partial(_with, task, {name: v}), came)), None)
        if taken[name] == right:
            del taken[name]
    if taken:
        yield Defaults(task, taken)


def _with(task: str, more: Arguments, arguments: Arguments) -> Any:
    return exact(task, arguments | more)


def _others(right: Any) -> list[Any]:
    """Values that somebody may have written instead: near it, or the default of something else."""
    if isinstance(right, bool):
        return [not right]
    if not isinstance(right, int | float):
        return []
    near = [right + 1, right - 1, *(right * factor for factor in _FACTORS), 1, 0.5]
    return [type(right)(value) for value in [*near, *_numbers()]]


@cache
def _numbers() -> list[float]:
    values = [ast.literal_eval(text) for one in FUNCTIONS for text in one.defaults.values() if "randn" not in text]
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
