"""One recipe a file: its ``Settings``, and ``make(settings, f, worlds, tell, begun) -> Made``. Nothing here knows the page."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from ...verdicts import Unusable

__all__ = ["recipe"]


def recipe(name: str) -> Any:
    """The module of this name."""
    known = [module.name for module in iter_modules(__path__)]
    if name not in known:
        raise Unusable(f"--make {name}: expected one of {', '.join(known)}")
    return import_module(f".{name}", __name__)
