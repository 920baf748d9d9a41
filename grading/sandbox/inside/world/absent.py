"""Packages that are not installed, as stand-ins: most are imported to show things, and nothing is lost without them.

Only the submission's own imports find one. A library that asks for a package can do without it, and so can a line
that stands in a ``try`` for the ImportError.
"""

import importlib.abc
import importlib.util
import sys
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from . import asked, progress
from .stand_in import Module


class Absent(importlib.abc.MetaPathFinder):
    """Asked last of all, where nobody else knows the module."""

    def __init__(self, package: str, folder: Path, never: Sequence[str]) -> None:
        self.package, self.folder, self.never = package, folder, never

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        frame = next(asked.frames(), None)
        if frame is None or not asked.place(frame, self.folder):
            return None
        if asked.only_whether() or asked.can_do_without(frame) or name.split(".")[0] in self.never:
            return None
        above = sys.modules.get(name.rpartition(".")[0])
        if name == "tqdm" or getattr(above, "tqdm", None) is progress.Bar:
            return importlib.util.spec_from_loader(name, progress.Loader(), is_package=True)
        if not isinstance(above, Module) and asked.for_a_name_in_it():
            return None
        own = name.removeprefix(f"{self.package}.")
        return importlib.util.spec_from_loader(name, Loader(own, self._why(name, own, above)), is_package=True)

    def _why(self, name: str, own: str, above: types.ModuleType | None) -> str:
        if isinstance(above, Module):
            return above.__why__
        if own != name:
            return f"{own.replace('.', '/')}.py is not among your files"
        if above is not None and not _is_namespace(above):
            return f"the {name.split('.')[0]} that is installed here has no {name}"
        return f"{name} is not installed here"


def forget() -> None:
    """Stand-ins are made anew for whoever imports them: a library that looks for the package is to find none."""
    for name in [name for name, module in sys.modules.items() if isinstance(module, Module)]:
        del sys.modules[name]


def _is_namespace(module: types.ModuleType) -> bool:
    return getattr(module, "__file__", None) is None


class Loader(importlib.abc.Loader):
    def __init__(self, shown: str, why: str) -> None:
        self.shown, self.why = shown, why

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return Module(spec.name, self.shown, self.why)

    def exec_module(self, module: types.ModuleType) -> None:
        pass
