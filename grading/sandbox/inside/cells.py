"""A notebook as a module: what its cells define, and nothing that they do.

They are run in their order. A statement that fails costs what it defines and no other: a notebook is used cell by cell.
"""

import ast
import importlib.abc
import re
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from .definitions import Definitions
from .needed import binds
from .parsing import parsed
from .statements import run, stand_in


class Cells(importlib.abc.Loader):
    """Runs what the files of a notebook define, one file for each cell."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self.failed: list[tuple[set[str], BaseException]] = []  # the names that were not defined, and why

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        names = vars(module)
        names |= {"display": _nothing, "get_ipython": _nothing}  # a notebook has them without an import
        definitions, flags = Definitions(), 0

        def failed(statement: ast.stmt, error: BaseException) -> None:
            self.failed.append((set(binds(statement)), error))
            if isinstance(statement, ast.Import | ast.ImportFrom):  # what else is lost says so when it is asked for
                place = f"{file.parent.name}/{file.name}:{statement.lineno}"
                stand_in(statement, error, place, names, {})

        for file in self.files:
            source = file.read_bytes()
            try:
                body, more = parsed(source, str(file))
            except (SyntaxError, ValueError) as error:
                self.failed.append((_looks_defined(source), error))
                continue
            flags |= more
            run(definitions.of(body), str(file), names, failed, flags)

    def say_why_missing(self, name: str) -> None:
        """Raise what kept a name from being defined; nothing happens where no cell defines it."""
        for names, error in reversed(self.failed):
            if name in names:
                raise error


def _nothing(*arguments: Any, **keywords: Any) -> None:
    pass


def _looks_defined(source: bytes) -> set[str]:
    """The names that a cell which cannot be read as Python seems to define."""
    return {name.decode() for name in re.findall(rb"^(?:async +)?(?:def|class) +(\w+)", source, re.MULTILINE)}
