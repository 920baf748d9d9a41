"""Where your functions are written in a notebook: what its cells have defined by now, under its own names."""

from __future__ import annotations

import contextlib
import linecache
import sys
from types import FrameType
from typing import Any

from .files import Files, NotWritten
from .lent.sandbox.limits import CALL_SECONDS, patience
from .limit import Limit


class Cells(Files):
    def __init__(self) -> None:
        self.names = vars(sys.modules["__main__"])  # a notebook's, and those of whoever runs Python by hand

    def function(self, module: str, name: str) -> Any:
        for one in (name, f"{module}_{name}"):
            if one in self.names:
                return self.names[one]
        raise NotWritten(f"{name} is not defined in this notebook: run its cell first")

    def place(self, frame: FrameType, line: int) -> str:
        """ "line 3 of the cell with posterior_step: return x_t / 0"; what it calls may stand in a file."""
        if frame.f_globals is not self.names:
            return super().place(frame, line)
        text = linecache.getline(frame.f_code.co_filename, line).strip()
        return f"line {line} of the cell with {frame.f_code.co_name}: {text}"

    def limited(self) -> contextlib.AbstractContextManager:
        """So that nobody has to restart the kernel."""
        return Limit(CALL_SECONDS * patience())
