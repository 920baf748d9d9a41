"""One function: all its checks, and what they come to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import points, properties
from .compare import Failure
from .files import ByHand, Files, NotWritten
from .own import OWN
from .student import NotAsked, Student


@dataclass
class Verdict:
    task: str
    word: str  # passed, failed, not implemented, by hand
    failures: list[Failure] = field(default_factory=list)
    note: str = ""
    number: int = 0  # of the checks that were made


def judge(task: str, own: Files = OWN) -> Verdict:
    """Passed when every check passes; not implemented when it, or what it calls, raises NotImplementedError.

    By hand is what no call reaches: a person looks at it.
    """
    failures: list[Failure] = []
    number = 0
    try:
        student = Student(task, own)
        for says, check in checks(task, own):
            with contextlib.suppress(NotAsked):
                failures += failed(student, says, check)
                number += 1
    except NotWritten as missing:
        return Verdict(task, "not implemented", note=str(missing))
    except ByHand as why:
        return Verdict(task, "by hand", note=str(why))
    except Failure as failure:  # it cannot be imported, or does not come to an end
        failures.append(failure)
    if not (failures or number):
        return Verdict(task, "by hand", note="no call of the public checks is one that the kit asks for")
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


def checks(task: str, own: Files = OWN) -> Iterator[tuple[str, Callable[[Student], None]]]:
    """What is asked, in words, and how."""
    yield from points.checks(task)
    for check in properties.of(task):
        if own.holds(task, check.__name__):
            yield " ".join((check.__doc__ or "").split()), check
