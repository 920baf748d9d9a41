"""Where your functions are written: in the files of ``homework/``. In a notebook it is ``cells``."""

from __future__ import annotations

import contextlib
import importlib
import linecache
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from .compare import Failure
from .course import HOMEWORK, ROOT


class NotWritten(Exception):
    """The function, or one that it calls, is not written yet."""


class ByHand(Exception):
    """No call reaches it: a person looks at it."""


class Endless(Exception):
    """A call has taken longer than it may."""


class Files:
    def function(self, module: str, name: str) -> Any:
        """The function; :class:`NotWritten` where it is not there, a failure where its file cannot be imported."""
        for folder in (ROOT, HOMEWORK):  # ``from .noising import …`` and ``from noising import …``
            if str(folder) not in sys.path:
                sys.path.insert(0, str(folder))
        if not (HOMEWORK / f"{module}.py").is_file():
            raise NotWritten(f"there is no homework/{module}.py")
        try:
            function = getattr(importlib.import_module(f"homework.{module}"), name, None)
        except NotImplementedError as error:
            raise NotWritten(f"homework/{module}.py raises NotImplementedError when it is imported") from error
        except (Exception, SystemExit) as error:
            raise raised(error, self, f"import homework.{module}", "The file can be imported.") from None
        if function is None:
            raise NotWritten(f"homework/{module}.py has no {name}")
        return function

    def place(self, frame: FrameType, line: int) -> str:
        """ "ddpm.py:12: return x_t / 0"; nothing for a line that is not yours."""
        path = Path(frame.f_code.co_filename)
        if HOMEWORK not in path.resolve().parents:
            return ""
        return f"{path.name}:{line}: {linecache.getline(str(path), line).strip()}"

    def unwritten(self, error: NotImplementedError, frame: FrameType, line: int, asked: str) -> str | None:
        """Why a function counts as not written that has raised this; None where the error is one of torch's own."""
        if not self.place(frame, line):
            return None
        name = frame.f_code.co_name
        return "" if name in (asked, "__init__", "forward") else f"it calls {name}, which is not written yet"

    def asks(self, task: str, arguments: dict[str, Any]) -> bool:
        """Whether it can be called with these at all: a kit leaves out what it does not ask for."""
        return True

    def holds(self, task: str, says: str) -> bool:
        """Whether it is held to this property, "differentiable"."""
        return True

    def limited(self) -> contextlib.AbstractContextManager:
        """A call may take as long as it likes: whoever waits for it can end the process."""
        return contextlib.nullcontext()


def raised(error: BaseException, own: Files, called: str, says: str = "Every call ends with a result.") -> Failure:
    """What student code has raised, as a failure that names the line."""
    places = [own.place(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    where = next(filter(None, reversed(places)), "")
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{Path(error.filename).name}:{error.lineno}"
    endless = isinstance(error, Endless)
    summary = str(error) if endless else f"{type(error).__name__}: {error}"
    return Failure(summary, called=called, where=where, says=says, endless=endless)
