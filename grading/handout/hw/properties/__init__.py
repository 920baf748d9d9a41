"""What holds of a right function whose result is random, a network or a search, or whose form is free.

A property is a function of :class:`hw.student.Student`; the first lines of its docstring say what holds.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

_HELD: dict[str, list[Callable]] = {}


def holds(*tasks: str) -> Callable[[Callable], Callable]:
    """Register a property of these functions."""

    def register(check: Callable) -> Callable:
        for task in tasks:
            _HELD.setdefault(task, []).append(check)
        return check

    return register


def of(task: str) -> list[Callable]:
    """The properties of a function; they stand in the file of its module's name."""
    module = task.split(".")[0]
    if Path(__file__).with_name(f"{module}.py").is_file():
        importlib.import_module(f"{__name__}.{module}")
    return _HELD.get(task, [])
