"""What is asked of every edit first: the cheapest thing that showed the failure."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...sandbox import limits
from ...sandbox.student import Student
from ...verdicts import Failure
from .calls import Call
from .checks import Test, passes

A_CHEAP_CALL = 1500  # numbers: what crosses with one that takes about as long as all else that an edit needs
A_LINE = 4  # numbers: a line of the student's that is run takes as long as that many more


@dataclass(frozen=True)
class Asked:
    """Of an edited function: whether it is right, and the numbers of its first wrong one, if that has as many as it should."""

    right: bool
    value: Tensor | None = None


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
        reply = self.calls[0].ask(student)
        if self.calls[0].right(reply):
            return Asked(all(call.right(call.ask(student)) for call in self.calls[1:]), self.calls[0].numbers(reply))
        return Asked(False, self.calls[0].numbers(reply))

    def raised_at(self, student: Student) -> set[str]:
        """The lines that an exception of the first call goes through, if it ends with one."""
        return raised_at(self.calls[0].demand, student)

    def results(self, student: Student, first: Tensor | None = None) -> Tensor | None:
        """The numbers that all of these calls give, one after the other; None where they give others in number.

        ``first`` are those of the first call, where they are known.
        """
        found = [first] if first is not None else []
        for call in self.calls[len(found) :]:
            value = call.numbers(call.ask(student))
            if value is None:
                return None
            found.append(value)
        return torch.cat(found)

    def right(self) -> Tensor:
        return torch.cat([torch.as_tensor(call.expected).double().flatten() for call in self.calls])


class FailedCheck:
    """The check that failed after the fewest calls: where no call has one right result, or every one has it."""

    def __init__(self, test: Test, calls: int) -> None:
        self.test, self.calls = test, calls

    def most(self, steps: int) -> int:
        """Edits that are tried; so many lines are run by all calls of the check together."""
        return limits.REPAIR_EDITS_BY_CHECKS * A_CHEAP_CALL // (A_CHEAP_CALL * max(1, self.calls) + A_LINE * steps)

    def ask(self, student: Student) -> Asked:
        return Asked(passes(self.test, student))

    def raised_at(self, student: Student) -> set[str]:
        return raised_at(self.test, student)


def raised_at(test: Test, student: Student) -> set[str]:
    """The lines of the student's code, "ddpm.py:12", that an exception goes through."""
    try:
        test(student)
    except Failure as failure:
        return {place.split(" ")[0].rstrip(":") for place in failure.where}
    except Exception:
        return set()
    return set()
