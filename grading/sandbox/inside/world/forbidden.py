"""What a course does not want to be used: it is not here, whoever asks for it, and the submission's attempts are noted.

The files are out of the worker's reach (``confinement``), so that no way around the import system leads to them. Here
the name of each module is a stand-in, which says why when it is used.
"""

import importlib.abc
import importlib.util
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from . import asked, stand_in
from .absent import Loader


class Forbidden(importlib.abc.MetaPathFinder):
    """Asked first of all."""

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self.names, self.folder = names, folder
        self.attempts: list[list[str]] = []  # each once: what was asked for, as the course names it, and the line

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        named = next((one for one in self.names if f"{name}.".startswith(f"{one}.")), None)
        if named is None:
            return None
        self._note(named, self._own_line())
        if asked.only_whether():
            return None
        return importlib.util.spec_from_loader(name, Loader(name, _why(named)), is_package=True)

    def imported(self, value: Any, line: str) -> None:
        """What has been asked for once comes without a question the next time."""
        why = stand_in.why(value)
        for named in self.names:
            if why == _why(named):
                self._note(named, line)

    def _note(self, named: str, line: str) -> None:
        if line and [named, line] not in self.attempts:
            self.attempts.append([named, line])

    def _own_line(self) -> str:
        """The submission's line that asks; nothing where a library does, while it is imported for something else."""
        for frame in asked.frames():
            if line := asked.place(frame, self.folder):
                return line
            if frame.f_code.co_name == "<module>":
                return ""
        return ""


def _why(named: str) -> str:
    return f"{named} is not to be used in this homework"


def files(names: Sequence[str]) -> Iterator[Path]:
    """Where their code lies; nothing is imported for that."""
    for name in names:
        spec, path = None, None
        parts = name.split(".")
        for number in range(1, len(parts) + 1):
            spec = PathFinder.find_spec(".".join(parts[:number]), path)
            if spec is None:
                break
            path = spec.submodule_search_locations
        if spec is None:
            continue
        yield from (Path(one).resolve() for one in spec.submodule_search_locations or ())
        if spec.submodule_search_locations is None and spec.origin and Path(spec.origin).is_file():
            yield Path(spec.origin).resolve()
            if spec.cached:
                yield Path(spec.cached).resolve()
