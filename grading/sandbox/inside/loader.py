"""Import a submission and find one graded function in it.

The folder is a package under its own name (``submissions`` gives it one that nothing else has) and stands on the import path as well, so ``from .ddpm import …``,
``from ddpm import …`` and ``from my_homework.ddpm import …`` all mean the same module object.
"""

import importlib
import importlib.abc
import importlib.util
import re
import sys
import types
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from ...paths import INSTALLED, KIT_PACKAGE, ROOT


class Missing(Exception):
    """The submission does not define the function."""


class _Alias(importlib.abc.Loader):
    """Gives a sibling imported by its bare name the module object that the package holds."""

    def __init__(self, target: str) -> None:
        self.target = target

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        module = importlib.import_module(self.target)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has put the alias's there


class _Hidden(importlib.abc.MetaPathFinder):
    """Where the grader is installed, its own packages lie among the libraries: they are looked for elsewhere only."""

    NAMES = ("grading", "reference")

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if name not in self.NAMES:
            return None
        found = PathFinder.find_spec(name, [path for path in sys.path if path != str(ROOT)])
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found


class _Siblings(importlib.abc.MetaPathFinder):
    def __init__(self, package: str, folder: Path) -> None:
        self.package, self.folder = package, folder

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if path is not None or name == self.package:
            return None
        if (self.folder / f"{name}.py").is_file() or (self.folder / name / "__init__.py").is_file():
            return importlib.util.spec_from_loader(name, _Alias(f"{self.package}.{name}"))
        return None


def mount(folder: Path) -> str:
    """Make the folder importable; returns the name of its package."""
    package = folder.name
    _forget_the_grader()
    sys.path.insert(0, str(folder))
    sys.meta_path.insert(0, _Siblings(package, folder))
    init = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(package, init, submodule_search_locations=[str(folder)])
    assert spec is not None
    sys.modules[package] = importlib.util.module_from_spec(spec)
    if init.is_file() and spec.loader is not None:
        try:
            spec.loader.exec_module(sys.modules[package])
        except BaseException:
            # An __init__.py is no graded code: where it fails, the modules are still graded, each for itself.
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [str(folder)]
    return package


def _forget_the_grader() -> None:
    """No name of the grader's means anything here, so that a submission can have modules of the same names."""
    for name in [name for name in sys.modules if name.split(".")[0] in _Hidden.NAMES]:
        del sys.modules[name]
    if INSTALLED:
        sys.meta_path.insert(0, _Hidden())


def find(package: str, folder: Path, module: str, function: str) -> Callable:
    """The submission's function: a course kit's adapters, if it has them; what adapters.py defines wins over the module file."""
    if (folder / KIT_PACKAGE).is_dir():
        return _of_a_kit(package, module, function)
    adapters, adapted = folder / "adapters.py", f"{module}_{function}"
    if adapters.is_file():
        try:
            found = getattr(importlib.import_module(f"{package}.adapters"), adapted, None)
        except BaseException:
            # A broken adapters.py costs the functions that it names, not those that stand in module files.
            if re.search(rf"\b{adapted}\b", adapters.read_text(errors="replace")):
                raise
        else:
            if callable(found):
                return found
    if not (folder / f"{module}.py").is_file() and not (folder / module).is_dir():
        raise Missing(f"there is no {module}.py" + (f" and adapters.py has no {adapted}" * adapters.is_file()))
    found = getattr(importlib.import_module(f"{package}.{module}"), function, None)
    if not callable(found):
        raise Missing(f"{module}.py defines no function {function}")
    return found


def _of_a_kit(package: str, module: str, function: str) -> Callable:
    """What the kit's adapters call so. They import the student's files when they are called, or first here."""
    found = getattr(importlib.import_module(f"{package}.{KIT_PACKAGE}"), f"{module}_{function}", None)
    if not callable(found):
        raise Missing(f"this kit asks for no {module}.{function}")
    return found
