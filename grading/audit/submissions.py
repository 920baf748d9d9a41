"""Folders to grade: one catalogued mistake or one mutant for each function of a round.

A module of such a folder imports a function only when it is asked for, so that no function pays for another's. All else
is in one archive: every worker copies the folder, and a hundred files would take longer than most checks.
"""

import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ..diagnosis.mistakes import Mistake
from ..paths import ROOT
from .mutants import Mutant
from .restyle import CATALOGUE, restyled
from .restyle.drawn import Entry

_LAZY = '''"""Each function from a module of its own."""
import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("code.zip")))
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
_REFERENCE = sorted((ROOT / "reference").glob("*.py"))  # the graded modules and what they share
_MISTAKES = sorted((ROOT / "grading" / "diagnosis" / "mistakes").glob("*.py"))


def of_mistakes(mistakes: Sequence[Mistake], folder: Path) -> Path:
    """A submission that makes these mistakes, at most one in a function."""
    code = {f"mistakes/{path.name}": path.read_text(encoding="utf-8") for path in _MISTAKES}
    places = {m.task: (f"mistakes.{m.task.split('.')[0]}", m.implementation.__name__) for m in mistakes}
    return _written(folder, code, places)


def of_mutants(mutants: dict[str, Mutant], folder: Path) -> Path:
    """A submission in which each of these graded functions is the reference's, with one mutant in it or below it."""
    code: dict[str, str] = {}
    places: dict[str, tuple[str, str]] = {}
    for i, (task, mutant) in enumerate(mutants.items()):
        module, function = task.split(".")
        code |= {f"mutant{i}/__init__.py": _OVERLAY, f"mutant{i}/{mutant.module}.py": mutant.source}
        places[task] = (f"mutant{i}.{module}", function)
    return _written(folder, code, places)


def of_restyled(entries: dict[str, Entry], folder: Path) -> Path:
    """A submission that makes these catalogued mistakes, each as its way rewrites it."""
    code: dict[str, str] = {}
    places: dict[str, tuple[str, str]] = {}
    for task, entry in entries.items():
        package = f"restyled_{entry.way.replace(' ', '_')}"
        code[f"{package}/__init__.py"] = CATALOGUE.sources["__init__.py"]
        code[f"{package}/{entry.module}.py"] = restyled(entry.module, entry.way).source
        places[task] = (f"{package}.{entry.module}", entry.mistake.name)
    return _written(folder, code, places)


def _written(folder: Path, code: dict[str, str], places: dict[str, tuple[str, str]]) -> Path:
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "code.zip", "w") as archive:
        for path in _REFERENCE:
            archive.write(path, f"reference/{path.name}")
        for name, text in code.items():
            archive.writestr(name, text)
    modules: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for task, place in places.items():
        module, function = task.split(".")
        modules[module][function] = place
    for module, own in modules.items():
        (folder / f"{module}.py").write_text(_LAZY.format(places=own), encoding="utf-8")
    return folder
