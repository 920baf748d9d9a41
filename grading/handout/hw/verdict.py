"""One function: all its checks, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import points, properties
from .compare import Failure
from .files import FILES, Files, NotWritten
from .student import Student


@dataclass
class Verdict:
    task: str
    word: str  # passed, failed, not implemented
    failures: list[Failure] = field(default_factory=list)
    note: str = ""
    number: int = 0  # of the checks that were made


def judge(task: str, own: Files = FILES) -> Verdict:
    """Passed when every check passes; not implemented when it, or what it calls, raises NotImplementedError."""
    failures: list[Failure] = []
    number = 0
    try:
        student = Student(task, own)
        for says, check in checks(task):
            number += 1
            failures += failed(student, says, check)
    except NotWritten as missing:
        return Verdict(task, "not implemented", note=str(missing))
    except Failure as failure:  # it cannot be imported, or does not come to an end
        failures.append(failure)
    return Verdict(task, "failed" if failures else "passed", failures, number=number)


def failed(student: Student, says: str, check: Callable[[Student], None]) -> list[Failure]:
    """What a check finds: nothing, or one failure."""
    try:
        check(student)
    except Failure as failure:
        failure.says = failure.says or says
        if failure.endless:
            raise
        return [failure]
    return []


def checks(task: str) -> Iterator[tuple[str, Callable[[Student], None]]]:
    yield from points.checks(task)
    for check in properties.of(task):
        yield " ".join((check.__doc__ or "").split()), check
