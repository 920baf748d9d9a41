"""What the adapters of every kit need, beside the student's code."""

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

FOLDER = Path(__file__).resolve().parent.parent  # the copy of the submission
FILES: dict[str, str] = json.loads(Path(__file__).with_name("files.json").read_text())


class OutOfReach(AttributeError):
    """What the student's code needs, or does, is not had here, and nothing is wrong with it: a person looks at it.

    Of a missing option ``hasattr`` says no.
    """


_MODULES: dict[str, ModuleType] = {}  # no cached function: when code is edited for a moment, those forget


def place_of(name: str) -> tuple[Path, str]:
    """Of the student's file that the kit calls so, and the student's own name for what the kit has there, if another."""
    file, _, own = FILES[name].rpartition(":")
    return (FOLDER / file, own) if file and own.isidentifier() else (FOLDER / FILES[name], "")


def _module_name(path: Path) -> str:
    """A module's name; one that imports its neighbours as such (``from .scheduler import …``) is in their package."""
    relative = path.suffix == ".py" and re.search(rb"^\s*from \.", path.read_bytes(), re.MULTILINE)
    return f"{path.parent.name}.{path.stem}" if relative and path.parent != FOLDER else path.stem


def student_module(name: str) -> ModuleType:
    """The student's file that the kit calls so, run once, as a script's import would: its own folder comes first.

    Of a notebook what its cells define.
    """
    if name not in _MODULES:
        path, _ = place_of(name)
        for folder in (one for one in path.parents if one.is_relative_to(FOLDER)):
            if str(folder) not in sys.path:
                sys.path.append(str(folder))
        spec = importlib.util.spec_from_file_location(_module_name(path), path)
        for finder in sys.meta_path:  # the worker runs what students wrote statement by statement
            if path.is_dir() and hasattr(finder, "cells"):
                spec = importlib.util.spec_from_file_location(path.stem, path, loader=finder.cells(path))
            elif hasattr(finder, "loaded"):
                spec = finder.loaded(spec)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)
        spec.loader.exec_module(module)
        _MODULES[name] = module
    return _MODULES[name]


def those_imported(own: Callable[[ModuleType], bool]) -> Callable[[], list[ModuleType]]:
    """What finds the modules for which this is so. Each of thousands is looked at once, whenever it is imported."""
    looked_at: dict[str, ModuleType | None] = {}

    def found() -> list[ModuleType]:
        for name in [name for name in sys.modules if name not in looked_at]:
            module = sys.modules[name]
            looked_at[name] = module if own(module) else None
        return [one for one in looked_at.values() if one is not None]

    return found


def of_one_draw(noise: Tensor, model: Callable, run: Callable[[Callable, Callable[[], Tensor]], Any]) -> Any:
    """What a loss comes to that draws this noise and shows the model an image with it.

    ``run(model, draw)`` has the student's code draw so. Where it draws more than once, the draw that the image is made
    with is this noise, and whatever else is drawn is another one; images of several draws are made with this noise all.
    """

    def attempt(only: int | None = None) -> tuple[Any, list[Tensor], int]:
        shown, draws = list[Tensor](), 0

        def watched(x: Tensor, *rest: Any) -> Any:
            shown.append(x)
            return model(x, *rest)

        def draw() -> Tensor:
            nonlocal draws
            draws += 1
            return noise.clone() if only in (None, draws - 1) else noise.flip(-1) + 1

        return run(watched, draw), shown, draws

    result, usual, draws = attempt()
    for only in range(draws if draws > 1 else 0):
        another, shown, _ = attempt(only)
        if len(shown) == len(usual) and all(map(torch.equal, shown, usual)):
            return another
    return result


def stands_for(student: Callable[[], Any]) -> Callable[[Callable], Callable]:
    """Mark an adapter with what finds the student's own function, so that reports name the student's place."""

    def mark(adapter: Callable) -> Callable:
        adapter.stands_for = student  # type: ignore[attr-defined]
        return adapter

    return mark
