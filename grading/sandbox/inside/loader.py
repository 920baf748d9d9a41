"""Import a submission and find one graded function in it.

The folder is a package under its own name (``submissions`` gives it one that nothing else has) and stands on the import
path as well, so ``from .ddpm import …``, ``from ddpm import …`` and ``from my_homework.ddpm import …`` all mean the same
module object.
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

from ...paths import INSTALLED, ROOT
from ..crossing.values import Absent as NotThere
from .world import absent, preload, progress, statements
from .world.absent import Absent
from .world.forbidden import Forbidden, forget
from .world.stand_in import Module

_GRADERS = ("grading", "reference")  # nothing stands in for these, unless the submission has its own


class Missing(Exception):
    """The submission does not define the function."""


class Own:
    """The submission's modules, importable from the moment that this is made."""

    def __init__(self, folder: Path, forbidden: Sequence[str] = ()) -> None:
        self.folder, self.package = folder, folder.name
        self._forbidden = Forbidden(forbidden, folder)
        _forget_the_grader()
        forget(forbidden)
        preload.make_room(folder)
        sys.path.insert(0, str(folder))
        sys.meta_path[:0] = [
            self._forbidden,
            progress.InNotebooks(),
            _Siblings(self.package, folder),
            _Statements(self._loaded, folder),
        ]
        sys.meta_path += [Absent(self.package, folder, _GRADERS)]
        self._mounted = False

    @property
    def attempts(self) -> list[list[str]]:
        """To use what is forbidden: what, and on which line."""
        return self._forbidden.attempts

    def find(self, module: str, function: str, importing: Callable[[str], None] = lambda file: None) -> Callable:
        """The submission's function: what adapters.py defines wins over the module file.

        ``importing`` is told of each file before it is imported for that: what hangs will hang for the next function.
        """
        self._mount(importing)
        adapters, adapted = self.folder / "adapters.py", f"{module}_{function}"
        if adapters.is_file():
            importing("adapters.py")
            try:
                found = self._named(importlib.import_module(f"{self.package}.adapters"), adapted)
            except BaseException:
                # A broken adapters.py costs the functions that it names, not those that stand in module files.
                if re.search(rf"\b{adapted}\b", adapters.read_text(errors="replace")):
                    raise
            else:
                if callable(found):
                    return found
        if not (self.folder / f"{module}.py").is_file() and not (self.folder / module).is_dir():
            raise Missing(f"there is no {module}.py" + (f" and adapters.py has no {adapted}" * adapters.is_file()))
        importing(f"{module}.py")
        imported = importlib.import_module(f"{self.package}.{module}")
        found = self._named(imported, function)
        if not callable(found):
            failed = statements.failed(imported)
            raise Missing(f"{module}.py defines no function {function}" + f"; {failed}" * bool(failed))
        return found

    def _named(self, module: types.ModuleType, name: str) -> Any:
        """What a module has under this name, or None; raised is why it has none of what it was to have."""
        found, lost = getattr(module, name, None), statements.lost(module)
        if isinstance(found, NotThere):
            raise found.used()
        if found is None and lost is not None:
            raise lost
        return found

    def _loaded(self, spec: Any) -> Any:
        return statements.loaded_in_statements(spec, self.folder, self._imported)

    def _imported(self, value: Any, line: str) -> None:
        self._forbidden.imported(value, line)
        if isinstance(value, Module | NotThere):
            absent.forget()

    def _mount(self, importing: Callable[[str], None]) -> None:
        """Make the folder a package."""
        if self._mounted:
            return
        self._mounted = True
        init = self.folder / "__init__.py"
        spec = importlib.util.spec_from_file_location(self.package, init, submodule_search_locations=[str(self.folder)])
        assert spec is not None
        sys.modules[self.package] = importlib.util.module_from_spec(spec)
        if init.is_file() and spec.loader is not None:
            importing("__init__.py")
            try:
                self._loaded(spec).loader.exec_module(sys.modules[self.package])
            except BaseException:
                # An __init__.py is no graded code: where it fails, the modules are still graded, each for itself.
                sys.modules[self.package] = types.ModuleType(self.package)
                sys.modules[self.package].__path__ = [str(self.folder)]


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

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if name not in _GRADERS:
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


class _Statements(importlib.abc.MetaPathFinder):
    """What lies in the submission's folder is imported one statement after the other."""

    def __init__(self, loaded: Callable[[ModuleSpec], ModuleSpec], folder: Path) -> None:
        self.loaded, self.folder = loaded, folder

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        """In the folder alone; what is not there is for the finders that follow."""
        own = [place for place in (sys.path if path is None else path) if self._is_own(place)]
        spec = PathFinder.find_spec(name, own) if own else None
        if spec is None or spec.origin is None:  # a folder without __init__.py may have parts elsewhere
            return None
        return self.loaded(spec)

    def _is_own(self, place: Any) -> bool:
        return isinstance(place, str) and (self.folder / place).is_relative_to(self.folder)


def _forget_the_grader() -> None:
    """No name of the grader's means anything here, so that a submission can have modules of the same names."""
    for name in [name for name in sys.modules if name.split(".")[0] in _GRADERS]:
        del sys.modules[name]
    if INSTALLED:
        sys.meta_path.insert(0, _Hidden())
