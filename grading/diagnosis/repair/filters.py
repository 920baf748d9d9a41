"""What is asked of every edit first: the cheapest thing that showed the failure."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...sandbox import limits
from ...sandbox.student import Student
from ...verdicts import Failure
from .calls import Call
from .checks import Test, fails

A_CHEAP_CALL = 1500  # numbers: what crosses with one that takes about as long as all else that an edit needs
A_LINE = 4  # numbers: a line of the student's that is run takes as long as that many more


# How far an edited function comes with what is asked first.
RAISED, ANOTHER_FORM, NOT_FINITE, NUMBERS, MENDED = range(5)


@dataclass(frozen=True)
class Asked:
    """Of an edited function: whether it is right, and what came of its first wrong call."""

    right: bool
    far: int = RAISED
    value: Tensor | None = None  # the numbers, if these are as many as they should be
    told: str = ""  # what came in their place

    @property
    def key(self) -> bytes | str:
        """By which two edits that come to the same are known."""
        return self.told if self.value is None else self.value.numpy().tobytes()


class FailedCalls:
    """Recorded calls with one right result, the cheapest first."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls

    def most(self, steps: int) -> int:
        """Edits that are tried, where the first call runs so many lines."""
        return limits.REPAIR_EDITS * A_CHEAP_CALL // (A_CHEAP_CALL + self.calls[0].cost + A_LINE * steps)

    def most_paired(self) -> int:
        """Edits of which the other calls are asked, too: fewer where those are longer than an image's worth."""
        longest = max((call.cost for call in self.calls[1:]), default=0)
        return limits.REPAIR_PAIRED * A_CHEAP_CALL // max(A_CHEAP_CALL, longest)

    def ask(self, student: Student) -> Asked:
        came = _asked(self.calls[0], student)
        return replace(came, right=came.right and all(call.right(call.ask(student)) for call in self.calls[1:]))

    def ask_all(self, student: Student, first: Asked | None = None) -> tuple[Asked, ...]:
        """What comes of each of these calls; ``first`` is that of the first call, where it is known."""
        asked = () if first is None else (first,)
        return asked + tuple(_asked(call, student) for call in self.calls[len(asked) :])

    def raised_at(self, student: Student) -> set[str]:
        """The lines that an exception of the first call goes through, if it ends with one."""
        return raised_at(self.calls[0].demand, student)

    def right(self) -> Tensor:
        return torch.cat([torch.as_tensor(call.expected).double().flatten() for call in self.calls])


_FAR = {
    **dict.fromkeys(("raised", "hung", "died", "not here", "not implemented"), RAISED),
    **dict.fromkeys(("form", "nothing"), ANOTHER_FORM),
    "not finite": NOT_FINITE,
}


class FailedCheck:
    """The check that failed after the fewest calls: where no call has one right result, or every one has it."""

    def __init__(self, test: Test, calls: int) -> None:
        self.test, self.calls = test, calls

    def most(self, steps: int) -> int:
        """Edits that are tried; so many lines are run by all calls of the check together."""
        return limits.REPAIR_EDITS_BY_CHECKS * A_CHEAP_CALL // (A_CHEAP_CALL * max(1, self.calls) + A_LINE * steps)

    def ask(self, student: Student) -> Asked:
        failure = fails(self.test, student)
        return (
            Asked(True, MENDED)
            if failure is None
            else Asked(False, _FAR.get(failure.kind, NUMBERS), None, failure.summary)
        )

    def raised_at(self, student: Student) -> set[str]:
        return raised_at(self.test, student)


First = FailedCalls | FailedCheck


def _asked(call: Call, student: Student) -> Asked:
    came = call.came(student)
    if isinstance(came, Failure):
        return Asked(False, RAISED, None, came.summary)
    value = call.numbers(came)
    if call.right(came):
        return Asked(True, MENDED, value, "right")
    if not call.in_form(came):
        return Asked(False, ANOTHER_FORM, None, "another form")
    if value is None and isinstance(came.value, Tensor):
        return Asked(False, NOT_FINITE, None, "not finite")
    return Asked(False, NUMBERS, value, "" if value is not None else str(came.value))


def raised_at(test: Test, student: Student) -> set[str]:
    """The lines of the student's code, "ddpm.py:12", that an exception goes through."""
    try:
        test(student)
    except Failure as failure:
        return {place.split(" ")[0].rstrip(":") for place in failure.where}
    except Exception:
        return set()
    return set()
