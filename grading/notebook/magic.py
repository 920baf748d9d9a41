"""``check`` as a notebook has it: an answer that is shown below the cell, and ``%%check`` on top of one.

Handouts hold this file, too.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

_NOTHING = "%%check: this cell defines none of the functions that are asked for; name one: %%check {}"


class Shown:
    """Text; in a notebook HTML."""

    def __init__(self, text: str, html: str = "") -> None:
        self.text, self.html = text, html or f"<p>{escape(text)}</p>"

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def shell() -> Any:
    """The IPython that runs here; None where none does."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def register(check: Callable[..., Shown], tasks: Sequence[str]) -> None:
    """Make ``%check NAME`` and ``%%check [NAME]``, where this is a notebook."""
    running = shell()
    if running is None:
        return

    def magic(line: str, cell: Any = None) -> Any:
        if cell is None:
            return check(*line.split())
        # A line in front, so that the lines have the numbers that they have on the screen.
        first = "" if cell.lstrip().startswith("%%") else "# %%check\n"
        if not running.run_cell(first + cell).success:  # why not has been shown
            return None
        names = line.split() or defined(running.transform_cell(cell), tasks)
        if not names:
            print(_NOTHING.format(tasks[0]))
        return check(*names) if names else None

    running.register_magic_function(magic, "line_cell", "check")


def defined(source: str, tasks: Iterable[str]) -> list[str]:
    """The functions that a cell defines, as Python."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        if isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return [task for task in tasks if {task.split(".")[1], task.replace(".", "_")} & names]
