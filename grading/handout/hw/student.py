"""Your function, and what a call of it came to."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .compare import Failure
from .course import HOMEWORK, ROOT, SETTINGS
from .crossing import calls
from .describe import describe_call


class NotWritten(Exception):
    """The function, or one that it calls, is not written yet."""


class Reply(SimpleNamespace):
    """What ``crossing.calls.perform`` says of a call; ``value`` is the result, ``called`` the call in words."""

    def fail(self, summary: str, expected: str = "", got: str = "") -> Failure:
        return Failure(summary, expected, got, called=self.called)


class Student:
    def __init__(self, task: str) -> None:
        self.module, self.name = task.split(".")
        self.parameters: list[str] = SETTINGS["parameters"][task]
        self.function = _imported(self.module, self.name)

    def __call__(self, by_name: bool = False, cotangent: Any = None, **arguments: Any) -> Reply:
        """Call it, by position as far as no argument is left out; side effects that nobody wants are failures."""
        positional: list[str] = []
        for name in self.parameters:
            if by_name or name not in arguments:
                break
            positional.append(name)
        called = describe_call(self.name, arguments)
        with _Caught(self.name, called):
            said = calls.perform(self.function, positional, arguments, cotangent)
        reply = Reply(value=said.pop("result"), called=called, **said)
        _expect_nothing_behind(reply)
        return reply

    def network(self, settings: dict, *inputs: dict, by_name: bool = False, train: dict | None = None) -> Reply:
        """Build the network and run it on each of the inputs, or fit it to one batch."""
        called = describe_call(self.name, settings)
        with _Caught(self.name, called):
            said = calls.run_module(self.function, settings, list(inputs), by_name, train)
        return Reply(value=said["outputs"], called=called, **said)


class _Caught:
    """What student code raises, as a failure that names the line; what is not written yet, as that."""

    def __init__(self, name: str, called: str) -> None:
        self.name, self.called = name, called

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, (Exception, SystemExit)) or isinstance(error, Failure):
            return
        inner = traceback.extract_tb(trace)[-1]
        if isinstance(error, NotImplementedError) and _is_homework(inner.filename):  # not one of torch's own
            other = inner.name not in (self.name, "__init__", "forward")
            raise NotWritten(f"it calls {inner.name}, which is not written yet" if other else "") from None
        raise _raised(error, self.called) from None


def _imported(module: str, name: str) -> Any:
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
        raise _raised(error, f"import homework.{module}", "The file can be imported.") from None
    if function is None:
        raise NotWritten(f"homework/{module}.py has no {name}")
    return function


def _raised(error: BaseException, called: str, says: str = "Every call ends with a result.") -> Failure:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_homework(frame.filename)]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{Path(error.filename).name}:{error.lineno}"
    return Failure(f"{type(error).__name__}: {error}", called=called, where=where, says=says)


def _is_homework(filename: str) -> bool:
    return HOMEWORK in Path(filename).resolve().parents


def _expect_nothing_behind(reply: Reply) -> None:
    told = {
        "No argument is changed in place.": [f"{name} is changed" for name in reply.changed],
        "No .grad is left behind.": [f"a .grad is left in {name}" for name in reply.grad_left],
        "requires_grad of a network's parameters stays as it is.": [f"{name} is changed" for name in reply.unfrozen],
        "No graph of an earlier step is kept.": [f"the graph of {name} goes on growing" for name in reply.kept_graph],
        "The global random state is not seeded.": [f"that of {name} is" for name in reply.seeded],
    }
    for says, problems in told.items():
        if problems:
            failure = reply.fail("; ".join(problems))
            failure.says = says
            raise failure
