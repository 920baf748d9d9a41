"""The misconception catalogue: how solutions go wrong, each mistake as a small wrong implementation.

One file per module of the contract. An entry's docstring is what a student is told (what is wrong, why, where to look,
never the solution's line), its decorator what staff are told (the mistake by its name, and where it was met).
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


def mistake(task: str, staff: str) -> Callable[[Callable], Callable]:
    """Register a wrong implementation of ``task``: its own name names the mistake, its docstring is told to students.

    A module says once which function is meant, ``predict_x0 = partial(mistake, "ddpm.predict_x0")``; a mistake in it
    then stands under ``@predict_x0("both square roots missing")``.
    """
    if callable(staff):  # @predict_x0 alone, which would leave the mistake out of the catalogue
        raise TypeError(f"{_place(staff)}: the decorator lacks what staff are told")

    def register(implementation: Callable) -> Callable:
        student = " ".join((implementation.__doc__ or "").split())
        if not (student and staff):
            raise TypeError(f"{_place(implementation)}: {'staff' if student else 'students'} are told nothing")
        CATALOGUE.append(Mistake(task, implementation.__name__, student, staff, implementation))
        return implementation

    return register


def _place(implementation: Callable) -> str:
    return f"{implementation.__module__}.{implementation.__name__}"
