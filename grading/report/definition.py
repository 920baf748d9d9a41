"""The definition that a line of a submission's file stands in."""

import ast
import functools
import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from ..diagnosis import content_of, parsed

_LINE_ENDS = re.compile(r"\r\n|\r|\n")  # Python's; str.splitlines knows more


_parsed = functools.lru_cache(maxsize=8)(parsed)  # many functions of one file are shown; nobody changes this tree


@dataclass(frozen=True)
class Definition:
    lines: list[str]  # of the whole file
    first: int
    last: int


def definition(folder: Path, file: str, line: int) -> Definition | None:
    """The function, the outermost one; of a class, where the line is none of its methods', that; else the statement."""
    text, tree = _parsed(content_of(folder, file))
    found = _around(line, tree)
    functions = [one for one in found if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    classes = [one for one in found if isinstance(one, ast.ClassDef)]
    # From the outside inwards: what a function defines for itself is shown with it.
    chosen = (functions[:1] or classes[-1:] or found[:1] or [None])[0]
    if chosen is None:
        return None
    return Definition(_LINE_ENDS.split(text), _first(chosen), chosen.end_lineno or chosen.lineno)


def _around(line: int, tree: ast.Module) -> list[ast.stmt]:
    """The statements that a line stands in, from the outside inwards; whatever lies in others is not looked at."""
    found: list[ast.stmt] = []
    nodes = deque[ast.AST]([tree])
    while nodes:
        node = nodes.popleft()
        if isinstance(node, ast.stmt):
            if not _first(node) <= line <= (node.end_lineno or 0):
                continue
            found.append(node)
        nodes += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
    return found


def _first(node: ast.stmt) -> int:
    """Decorators included."""
    return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
