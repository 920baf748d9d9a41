"""A call that takes too long says itself where it is, as far as it still can."""

import ast
import contextlib
import linecache
import signal
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..crossing.calls import frame_of


class TooLong(BaseException):
    """Raised within the student's code where its time is over; no ``except Exception`` holds it up."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """What runs here ends where the other side says by a signal that its time is over. Within torch it is not heard."""

    def over(signal_number: int, frame: types.FrameType | None) -> None:
        raise TooLong

    signal.signal(signal.SIGPROF, over)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)


def loop(ended: TooLong, folder: Path) -> dict[str, Any]:
    """The loop that it was in: the innermost ``while``, or else the outermost ``for``, of the submission; or nothing.

    Which of a loop's lines was being run is chance; the loop is not.
    """
    found: list[tuple[ast.stmt, types.FrameType]] = []
    traceback = ended.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if Path(frame.f_code.co_filename).is_relative_to(folder):
            found += [(one, frame) for one in _around(frame.f_code.co_filename, traceback.tb_lineno)]
        traceback = traceback.tb_next
    if not found:
        return {}
    whiles = [one for one in found if isinstance(one[0], ast.While)]
    statement, frame = whiles[-1] if whiles else found[0]
    return frame_of(folder, frame.f_code.co_filename, statement.lineno, frame.f_code.co_name)


def _around(filename: str, line: int) -> list[ast.stmt]:
    """The loops around a line, the outermost first, within the function that it is a line of."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    around = [
        one
        for one in ast.walk(tree)
        if isinstance(one, ast.While | ast.For | ast.FunctionDef) and one.lineno <= line <= (one.end_lineno or 0)
    ]
    around.sort(key=lambda one: (one.lineno, -(one.end_lineno or 0)))
    inner = max((i for i, one in enumerate(around) if isinstance(one, ast.FunctionDef)), default=-1)
    return [one for one in around[inner + 1 :] if not isinstance(one, ast.FunctionDef)]
