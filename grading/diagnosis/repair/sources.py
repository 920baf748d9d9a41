"""The definitions in a submission's files. Its text is only parsed here; nothing of it is ever run on this side."""

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...paths import KIT_PACKAGE
from .operators import number
from .places import drop_docstrings

MOST_BYTES = 200_000  # of one file; a longer one is data, or meant to keep a parser busy
_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Definition:
    """A function, a method, or a name that stands for a lambda: what is edited as a whole."""

    file: str  # "lib/steps.py"
    name: str  # of its code, "step" or "<lambda>"
    line: int  # where its code begins, decorators included
    last: int
    path: tuple[str, ...]  # "Sampler", "step"
    node: ast.stmt  # without docstring and decorators
    holder: ast.Module  # what holds it, with nothing else in it
    constants: dict[str, tuple[ast.expr, int]]  # of its file, by name, that stand in it alone: the number and its line

    def edit(self, text: str, on_lines: bool = False) -> dict[str, Any]:
        """The message to a worker for another text of it, which stands in ``holder``."""
        lines = text.split("\n")
        message = {"file": self.file, "name": self.name, "line": self.line, "path": list(self.path), "source": lines}
        statements = (one for one in ast.walk(self.holder) if isinstance(one, ast.stmt))
        return message | ({"lines": [getattr(one, "lineno", self.line) for one in statements]} if on_lines else {})


def definitions(folder: Path, lines: Iterable[str], first: str) -> list[Definition]:
    """Those that these lines ("ddpm.py:12") stand in, the one at ``first`` before all others."""
    found: list[Definition] = []
    by_file: dict[str, set[int]] = {}
    for place in lines:
        file, _, number = place.rpartition(":")
        if number.isdecimal():
            by_file.setdefault(file, set()).add(int(number))
    for file in sorted(by_file):
        numbers = by_file[file]
        found += [one for one in _in_file(folder, file) if any(one.line <= n <= one.last for n in numbers)]
    return sorted(found, key=lambda one: f"{one.file}:{one.line}" != first)


def content_of(folder: Path, file: str) -> bytes:
    """Of a submission's file; nothing where it cannot be read, or is none of the student's own."""
    path = folder / file
    try:  # the name is a worker's word
        inside = (
            path.resolve().is_relative_to(folder.resolve())
            and not file.startswith(f"{KIT_PACKAGE}/")
            and path.stat().st_size <= MOST_BYTES
        )
        return path.read_bytes() if inside else b""
    except (OSError, ValueError):
        return b""


def parsed(content: bytes) -> tuple[str, ast.Module]:
    """Its text, and the tree; nothing where it is no Python."""
    try:
        with warnings.catch_warnings():  # about the student's text: they are for its own process
            warnings.simplefilter("ignore")
            return content.decode("utf-8-sig", "replace"), ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", ast.Module([], [])


def _in_file(folder: Path, file: str) -> list[Definition]:
    _, tree = parsed(content_of(folder, file))
    try:
        constants = _constants(tree)
        return [replace(one, constants=constants) for one in _defined(tree.body, file, ())]
    except (RecursionError, MemoryError):
        return []


def _constants(tree: ast.Module) -> dict[str, tuple[ast.expr, int]]:
    """Numbers with a name that is read once: what is written in its place there is written for all of the file."""
    read = [one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    return {
        target.id: (one.value, one.lineno)
        for one in tree.body
        if isinstance(one, ast.Assign) and number(one.value) is not None
        for target in one.targets
        if isinstance(target, ast.Name) and read.count(target.id) == 1
    }


def _defined(body: list[ast.stmt], file: str, classes: tuple[str, ...]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            node.decorator_list = []
            drop_docstrings(node)
            yield _definition(node, file, classes, node.name, first, node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            if isinstance(node.targets[0], ast.Name):
                yield _definition(node, file, classes, "<lambda>", node.value.lineno, node.targets[0].id)
        elif isinstance(node, ast.ClassDef):
            yield from _defined(node.body, file, (*classes, node.name))
        else:
            for block in _BLOCKS:
                yield from _defined(getattr(node, block, []), file, classes)


def _definition(node: ast.stmt, file: str, classes: tuple[str, ...], code: str, line: int, name: str) -> Definition:
    held: Any = node
    for outer in reversed(classes):
        inner = held
        held = ast.parse(f"class {outer}: pass").body[0]
        held.body = [inner]
    assert node.end_lineno is not None
    return Definition(file, code, line, node.end_lineno, (*classes, name), node, ast.Module([held], []), {})
