"""Your function, and what a call of it came to."""

from __future__ import annotations

import traceback
from types import SimpleNamespace
from typing import Any

from .compare import Failure
from .course import SETTINGS
from .files import Files, NotWritten, raised
from .lent.sandbox.crossing import calls
from .lent.sandbox.describe import describe_call
from .own import OWN


class Reply(SimpleNamespace):
    """What ``calls.perform`` says of a call; ``value`` is the result, ``called`` the call in words."""

    def fail(self, summary: str, expected: str = "", got: str = "") -> Failure:
        return Failure(summary, expected, got, called=self.called)


class NotAsked(Exception):
    """The kit cannot be asked this."""


class Student:
    def __init__(self, task: str, own: Files = OWN) -> None:
        """``own`` says where functions are written: in files, or in the cells of a notebook."""
        self.task, (self.module, self.name) = task, task.split(".")
        self.own = own
        self.parameters: list[str] = SETTINGS["parameters"][task]
        self.function = own.function(self.module, self.name)

    def __call__(self, by_name: bool = False, cotangent: Any = None, **arguments: Any) -> Reply:
        """Call it, by position as far as no argument is left out; side effects that nobody wants are failures."""
        positional: list[str] = []
        for name in self.parameters:
            if by_name or name not in arguments:
                break
            positional.append(name)
        self._expect_asked(arguments)
        called = describe_call(self.name, arguments)
        with _Caught(self, called), self.own.limited():
            said = calls.perform(self.function, positional, arguments, cotangent)
        reply = Reply(value=said.pop("result"), called=called, **said)
        _expect_nothing_behind(reply)
        return reply

    def network(self, settings: dict, *inputs: dict, by_name: bool = False, train: dict | None = None) -> Reply:
        """Build the network and run it on each of the inputs, or fit it to one batch."""
        self._expect_asked(settings)
        called = describe_call(self.name, settings)
        with _Caught(self, called), self.own.limited():
            said = calls.run_module(self.function, settings, list(inputs), by_name, train)
        return Reply(value=said["outputs"], called=called, **said)

    def asks(self, arguments: dict[str, Any]) -> bool:
        """Whether it can be called with these at all."""
        return self.own.asks(self.task, arguments)

    def _expect_asked(self, arguments: dict[str, Any]) -> None:
        if not self.asks(arguments):
            raise NotAsked


class _Caught:
    """What student code raises, as a failure that names the line; what is not written yet, as that."""

    def __init__(self, student: Student, called: str) -> None:
        self.student, self.called = student, called

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, (Exception, SystemExit)) or isinstance(error, Failure):
            return
        inner, line = list(traceback.walk_tb(trace))[-1]
        if isinstance(error, NotImplementedError):
            why = self.student.own.unwritten(error, inner, line, self.student.name)
            if why is not None:
                raise NotWritten(why) from None
        raise raised(error, self.student.own, self.called) from None


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
