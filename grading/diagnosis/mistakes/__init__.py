"""The misconception catalogue: how solutions go wrong, each mistake as a small wrong implementation.

One file per module of the contract. Every entry says what a student is told (what is wrong, why, where to look, never
the solution's line) and what staff are told (the mistake by its name, and where it was met).
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    task: str  # the graded function, "ddpm.posterior_step"
    name: str  # unique within the task, "variance_as_std"
    student: str
    staff: str
    implementation: Callable


CATALOGUE: list[Mistake] = []


def catalogue() -> list[Mistake]:
    """All mistakes, whether their modules have been imported or not."""
    from ...contract.functions import MODULES

    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    return CATALOGUE


def mistake(task: str, *, student: str, staff: str) -> Callable[[Callable], Callable]:
    """Register a wrong implementation of ``task``; the function's own name names the mistake."""

    def register(implementation: Callable) -> Callable:
        CATALOGUE.append(Mistake(task, implementation.__name__, student, staff, implementation))
        return implementation

    return register
