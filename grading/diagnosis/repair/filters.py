"""What is asked of every edit first: the cheapest thing that showed the failure."""

import torch
from torch import Tensor

from ...sandbox import limits
from ...sandbox.student import Student
from ...verdicts import Failure
from ..readback.evidence import as_tensor
from .calls import Call
from .checks import Test, passes

A_CHEAP_CALL = 1500  # numbers: what crosses with one that takes about as long as all else that an edit needs


class FailedCalls:
    """Recorded calls with one right result, the cheapest first."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self.most = limits.REPAIR_EDITS * A_CHEAP_CALL // (A_CHEAP_CALL + calls[0].cost)

    def passes(self, student: Student) -> bool:
        return all(call.right(call.ask(student)) for call in self.calls)

    def raised_at(self, student: Student) -> set[str]:
        """The lines that an exception of the first call goes through, if it ends with one."""
        return raised_at(self.calls[0].demand, student)

    def results(self, student: Student) -> Tensor | None:
        """The numbers that all of these calls give, one after the other; None where they give others in number."""
        found = []
        for call in self.calls:
            reply = call.ask(student)
            value = as_tensor(reply.value) if reply is not None else None
            if value is None or value.shape != torch.as_tensor(call.expected).shape or not bool(value.isfinite().all()):
                return None
            found.append(value.double().flatten())
        return torch.cat(found)

    def right(self) -> Tensor:
        return torch.cat([torch.as_tensor(call.expected).double().flatten() for call in self.calls])


class FailedCheck:
    """The check that failed after the fewest calls: where no call has one right result, or every one has it."""

    def __init__(self, test: Test, calls: int) -> None:
        self.test = test
        self.most = limits.REPAIR_EDITS_BY_CHECKS // max(1, calls)

    def passes(self, student: Student) -> bool:
        return passes(self.test, student)

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
