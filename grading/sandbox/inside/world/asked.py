"""Who asks for a module, seen from a finder: a line of the submission, or a library; and whether it can do without."""

import ast
import functools
import importlib
import importlib.util
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_HERE = str(Path(__file__).resolve().parents[1])  # what finds modules on this side of the boundary
_MACHINERY = ("<frozen importlib", str(Path(importlib.__file__).parent), _HERE)
_CATCHING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def frames() -> Iterator[FrameType]:
    """The frames that lead to the question, innermost first, without the import system's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_MACHINERY):
            yield frame
        frame = frame.f_back


def only_whether() -> bool:
    """Whether it is asked for the spec alone: ``importlib.util.find_spec("xformers") is not None``."""
    return _passes("find_spec", importlib.util.__file__)


def for_a_name_in_it() -> bool:
    """Whether it may be no module: ``from diffusers import Name`` asks for a module where the package has no such name."""
    return _passes("_handle_fromlist", "<frozen importlib._bootstrap>")


def _passes(function: str, file: str | None) -> bool:
    """Whether the question comes through this function of the import system."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_MACHINERY):
        if (frame.f_code.co_name, frame.f_code.co_filename) == (function, file):
            return True
        frame = frame.f_back
    return False


def place(frame: FrameType, folder: Path) -> str:
    """ "ddpm.py:12"; nothing where the frame is not the submission's."""
    path = Path(frame.f_code.co_filename)
    return f"{path.relative_to(folder)}:{frame.f_lineno}" if path.is_relative_to(folder) else ""


def can_do_without(frame: FrameType) -> bool:
    """Whether the line stands in a ``try`` that goes on where an import fails."""
    return any(first <= frame.f_lineno <= last for first, last in _guarded(frame.f_code.co_filename))


@functools.cache
def _guarded(filename: str) -> list[tuple[int, int]]:
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError):
        return []
    tries = (node for node in ast.walk(tree) if isinstance(node, ast.Try) and any(map(_catches, node.handlers)))
    return [(node.body[0].lineno, node.body[-1].end_lineno or 0) for node in tries]


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in _CATCHING for node in ast.walk(handler.type))
