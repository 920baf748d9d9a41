"""The function behind an adapter that only hands on: where its code stands is the place that a report names."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from ...paths import KIT_PACKAGE

MOST_EVENTS = 5_000  # of a call that is watched; a loop over pixels is not to take longer for it


class Watched:
    """The adapter; its first call is watched for a function of another file whose result it returns as its own."""

    def __init__(self, adapter: Callable, folder: Path) -> None:
        self.adapter, self.folder, self.place = adapter, folder, ""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        last: list[tuple[CodeType, Any]] = []
        own, events = inspect.unwrap(self.adapter).__code__, 0

        def watch(frame: FrameType, event: str, value: Any) -> None:
            nonlocal events
            events += 1
            if events > MOST_EVENTS:
                sys.setprofile(None)
            elif (
                event == "return" and frame.f_back is not None and frame.f_back.f_code is own and self._is_other(frame)
            ):
                last[:] = [(frame.f_code, value)]

        sys.setprofile(watch)
        try:
            result = self.adapter(*arguments, **keywords)
        finally:
            sys.setprofile(None)
            if last and (sys.exc_info()[0] is not None or last[0][1] is result):
                code = last[0][0]
                self.place = f"{Path(code.co_filename).relative_to(self.folder)}:{code.co_firstlineno}"
        return result

    def _is_other(self, frame: FrameType) -> bool:
        path = Path(frame.f_code.co_filename)
        return path.is_relative_to(self.folder) and path.name != "adapters.py" and path.parent.name != KIT_PACKAGE


def hands_on(function: Callable, defined_at: str) -> bool:
    """Whether it may be an adapter that does no more than that."""
    own_file = defined_at.rpartition(":")[0]
    is_adapter = Path(own_file).name == "adapters.py" or own_file.startswith(f"{KIT_PACKAGE}/")
    return is_adapter and inspect.isfunction(inspect.unwrap(function))
