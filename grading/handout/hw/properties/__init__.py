"""What holds of a right function whose result is random, a network or a search, or whose form is free.

A property is a function of :class:`hw.student.Student`; its docstring says what holds. It has the name, without
``test_``, of the check that a kit which cannot be asked that leaves out.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

_HELD: dict[str, list[Callable]] = {}


def holds(*tasks: str) -> Callable[[Callable], Callable]:
    """Register a property of these functions."""

    def register(check: Callable) -> Callable:
        for task in tasks:
            _HELD.setdefault(task, []).append(check)
        return check

    return register


def of(task: str) -> list[Callable]:
    """The properties of a function, from whichever file they stand in."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return _HELD.get(task, [])
