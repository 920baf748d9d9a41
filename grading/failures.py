"""What can go wrong in a check, and whose fault it is.

A :class:`Failure` is the submission's fault and costs its points; a :class:`GraderFault` is ours and leads to "not graded".
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Failure(AssertionError):
    """One readable block: what was called, what was expected, what came back, and where the student's code stands."""

    summary: str
    called: str = ""
    expected: str = ""
    got: str = ""
    where: list[str] = field(default_factory=list)  # the student's own frames, "ddpm.py:12 in step: x = 1 / 0"
    printed: str = ""
    error: str = ""  # the type of the exception that the student's code raised
    kind: str = "wrong"  # wrong | raised | not implemented | hung | died

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"  {label:<9} {text}" for label, text in self.lines())])

    def lines(self) -> list[tuple[str, str]]:
        rows = [("called", self.called), ("expected", self.expected), ("got", self.got)]
        rows += [("at", line) for line in self.where] + [("printed", self.printed.strip())]
        return [(label, text) for label, text in rows if text]


class GraderFault(Exception):
    """The grader itself is at fault: nobody gains or loses a point by it."""


def raised(error: dict[str, Any], called: str) -> Failure:
    """The failure for an exception that student code raised, from the worker's description, whatever is in it."""
    name, message = str(error.get("type")), str(error.get("message", ""))
    frames = error.get("frames")
    where = [_place(frame) for frame in frames if isinstance(frame, dict)] if isinstance(frames, list) else []
    kind = "not implemented" if error.get("not_implemented") is True else "raised"
    text = f"{name}: {message}" if message else name
    return Failure(f"your code raised {text}", called=called, where=where, error=name, kind=kind)


def _place(frame: dict[str, Any]) -> str:
    """ "ddpm.py:12 in step: x = 1 / 0" """
    function, code = str(frame.get("function", "")), str(frame.get("code", ""))
    place = f"{frame.get('file')}:{frame.get('line')}"
    return place + f" in {function}" * (function not in ("", "<module>")) + f": {code}" * bool(code)
