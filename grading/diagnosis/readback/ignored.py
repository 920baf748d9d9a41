"""Arguments that a function takes and does not use: it is the right formula, always with their defaults."""

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...checking.compare import exact
from ...contract.functions import function
from ...verdicts import Finding
from .evidence import ANYTHING, Arguments

MOST = 2


@dataclass(frozen=True)
class Ignored:
    task: str
    names: tuple[str, ...]

    def predict(self, arguments: Arguments) -> Any:
        try:
            return exact(self.task, {name: value for name, value in arguments.items() if name not in self.names})
        except Exception:  # the default does not fit the rest; how the student's code says so is its own matter
            return ANYTHING

    def findings(self) -> list[Finding]:
        defaults = [function(self.task).defaults[name] for name in self.names]
        names, taken = " and ".join(self.names), " and ".join(defaults)
        alone = len(self.names) == 1
        said = f"{names} {'is' if alone else 'are'} not used"
        told = f"Here {said}: whatever is asked for, {'it is' if alone else 'they are'} {taken}."
        return [Finding(told, f"{said}; expected what the caller hands over")]


def ignored(task: str) -> Iterator[Ignored]:
    """Every choice of a few of its arguments that have a number for a default."""
    if not function(task).exact:
        return
    names = [name for name, text in function(task).defaults.items() if _is_number(text)]
    for count in range(1, MOST + 1):
        for some in itertools.combinations(names, count):
            yield Ignored(task, some)


def _is_number(text: str) -> bool:
    try:
        return isinstance(ast.literal_eval(text), int | float)
    except ValueError:
        return False
