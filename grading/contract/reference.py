"""The reference's own function for a record."""

import importlib
from collections.abc import Callable
from functools import cache
from types import ModuleType


def reference_module(module: str) -> ModuleType:
    return importlib.import_module(f"reference.{module}")


@cache
def reference_function(task: str) -> Callable:
    module, name = task.split(".")
    return getattr(reference_module(module), name)
