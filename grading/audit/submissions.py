"""Folders to grade: one catalogued mistake or one mutant for each function of a round.

A module of such a folder imports a function only when it is asked for, so that no function pays for another's.
"""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ..mistakes import Mistake
from ..zygote import ROOT
from .mutants import Mutant

_LAZY = '''"""Each function from a module of its own."""
import importlib

_PLACES = {places!r}


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(name)
    module, function = _PLACES[name]
    return getattr(importlib.import_module(module), function)
'''
# A package with one module of its own, and all others from the copy of the reference beside it.
_OVERLAY = """from pathlib import Path

__path__.append(str(Path(__file__).parents[1] / "reference"))
"""


def of_mistakes(mistakes: Sequence[Mistake], folder: Path) -> Path:
    """A submission that makes these mistakes, at most one in a function."""
    _copy_reference(folder)
    shutil.copytree(ROOT / "grading" / "mistakes", folder / "mistakes", ignore=shutil.ignore_patterns("__pycache__"))
    made = {m.task: (f"mistakes.{m.task.split('.')[0]}", m.implementation.__name__) for m in mistakes}
    return _with_modules(folder, made)


def of_mutants(mutants: dict[str, Mutant], folder: Path) -> Path:
    """A submission in which each of these graded functions is the reference's, with one mutant in it or below it."""
    _copy_reference(folder)
    places = {}
    for i, (task, mutant) in enumerate(mutants.items()):
        module, function = task.split(".")
        package = folder / f"mutant{i}"
        package.mkdir()
        (package / "__init__.py").write_text(_OVERLAY, encoding="utf-8")
        (package / f"{mutant.module}.py").write_text(mutant.source, encoding="utf-8")
        places[task] = (f"mutant{i}.{module}", function)
    return _with_modules(folder, places)


def _copy_reference(folder: Path) -> None:
    """The graded modules and what they share; networks, data and training are not theirs."""
    (folder / "reference").mkdir(parents=True)
    for path in (ROOT / "reference").glob("*.py"):
        shutil.copy(path, folder / "reference" / path.name)


def _with_modules(folder: Path, places: dict[str, tuple[str, str]]) -> Path:
    modules: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for task, place in places.items():
        modules[task.split(".")[0]][task.split(".")[1]] = place
    for module, own in modules.items():
        (folder / f"{module}.py").write_text(_LAZY.format(places=own), encoding="utf-8")
    return folder
