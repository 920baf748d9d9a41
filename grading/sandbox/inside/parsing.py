"""A file of the submission as statements; what all of its workers would find out of it anew is found out once.

Only text is looked at here and none of it is run, so that the process that forks the workers may do it.
"""

import __future__

import ast
import contextlib
import copy
import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .needed import Waiting

_FILES = 100  # of a submission that are read ahead
_BYTES = 200_000  # of each of them: such a text is too short for the parser's own stack to end


class Text(NamedTuple):
    """A module's text: what is run when it is imported, what waits then, and what ``from __future__`` says of both."""

    at_once: list[ast.stmt]
    waiting: Waiting
    flags: int


_ahead: dict[bytes, Text] = {}


def text(source: bytes, path: str) -> Text:
    """Of a module; with a ``waiting`` of its own."""
    known = _ahead.get(source) or _text(source, path)
    return known._replace(waiting=copy.copy(known.waiting))


def read_ahead(folder: Path) -> None:
    """Have the texts of a submission ready, in the place of those of the one before. What fails here fails again there."""
    _ahead.clear()
    for file in sorted(folder.rglob("*.py"))[:_FILES]:
        with contextlib.suppress(OSError, SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
            if file.stat().st_size > _BYTES:
                continue
            source = file.read_bytes()
            with warnings.catch_warnings():  # the worker says them
                warnings.simplefilter("ignore")
                _ahead[source] = _text(source, str(file))


def parsed(source: str | bytes, path: str) -> tuple[list[ast.stmt], int]:
    """Its statements, and what ``from __future__`` says of them. A text of its own would be taken for a docstring alone."""
    body = ast.parse(source, path).body
    texts = [one for one in body[1:] if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)]
    return [one for one in body if one not in texts], sum({flag for one in body for flag in _flags(one)})


def _text(source: bytes, path: str) -> Text:
    body, flags = parsed(source, path)
    waiting = Waiting(body, importlib.util.decode_source(source))
    return Text(waiting.taken(), waiting, flags)


def _flags(statement: ast.stmt) -> Iterator[int]:
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        yield from (getattr(__future__, one.name).compiler_flag for one in statement.names)
