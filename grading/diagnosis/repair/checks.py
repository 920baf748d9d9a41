"""The checks of a function, asked once more of an edited one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis.errors import Unsatisfiable

from ...checking.checks.properties import noting_failures
from ...sandbox.student import NotAsked, Student
from ...verdicts import Failure

Test = Callable[[Student], object]


@dataclass(frozen=True)
class Check:
    """One check: a test that is handed the student whom it asks."""

    test: Callable[..., object]
    arguments: dict[str, Any]  # what it is handed besides
    failed: bool
    afterwards: bool  # it looks at what the other checks have recorded

    def __call__(self, student: Student) -> object:
        return self.test(**self.arguments, student=student)

    def passes(self, student: Student) -> bool:
        return passes(self, student)

    def smallest(self, student: Student) -> Test:
        """The one example at which a property fails, if this is a property; else the whole check. It is asked once."""
        failed: list[Test] = []
        with noting_failures(failed.append):
            self.passes(student)
        return failed[-1] if failed else self


def passes(test: Test, student: Student) -> bool:
    return fails(test, student) is None


def fails(test: Test, student: Student) -> Failure | None:
    """Whatever goes wrong, be it patience that is at its end: it has not passed. What is not asked goes right."""
    try:
        test(student)
    except (NotAsked, Unsatisfiable):
        return None
    except Failure as failure:
        return failure
    except Exception as error:
        return Failure(str(error), kind="raised")
    return None
