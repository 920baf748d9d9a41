"""A submission's functions, and right ones for those that are not written yet, so that one function makes a picture already.

What is lent is called on this side, beside the networks; what a function of the submission's calls itself and lacks is
answered from here over the wire, too. The reference never lies beside student code, and no grade comes of any of it.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..contract.functions import function
from ..contract.reference import reference_function
from ..contract.uses import used_by
from ..sandbox import limits
from ..sandbox.deadline import NEVER, Deadline
from ..sandbox.fork_server import ForkServer
from ..sandbox.student import Student
from ..verdicts import Failure
from .functions import CannotGoOn, Functions, Trusted

__all__ = ["Lending", "with_lent"]


class Lending(Functions):
    def __init__(
        self,
        fork_server: ForkServer,
        submission: Path,
        call_seconds: float = limits.PICTURE_SECONDS,
        deadline: Deadline = NEVER,
    ) -> None:
        super().__init__(fork_server, submission, call_seconds, deadline)
        self.right = Trusted(reference_function)
        self.known: dict[str, bool] = {}  # whether it is written

    def has(self, task: str) -> bool:
        """Whether the submission has it: a stub raises NotImplementedError whatever it is called with."""
        if task not in self.known:
            student, nothing = self._student(task, limits.CALL_SECONDS), dict[str, Any]()
            nothing |= dict.fromkeys(function(task).parameters)
            try:
                student(**nothing)
                self.known[task] = True
            except Failure as failure:
                self.known[task] = failure.kind != "not implemented"
            finally:
                student.close()
        return self.known[task]

    def _student(self, task: str, call_seconds: float) -> Student:
        missing = [one for one in used_by(task) if not self.has(one)]
        return Student(self.fork_server, self.submission, task, call_seconds, missing, deadline=self.deadline)

    def _reply(self, task: str, arguments: dict[str, Any]) -> Any:
        if self.has(task):
            try:
                return super()._reply(task, dict(arguments))
            except CannotGoOn as unusable:
                if self.students[task].let_down:
                    names = " and ".join(one.split(".")[1] for one in self.students[task].let_down)
                    reason = f"it cannot go on: a lent {names} could not answer it"
                    raise CannotGoOn(task, reason, missing=True) from None
                if not unusable.missing:
                    raise
                self.known[task] = False
            finally:
                self.lent |= set(self.students[task].borrowed)
        self.lent.add(task)
        return self.right._reply(task, arguments)


def with_lent(lent: Collection[str]) -> str:
    """ "with a lent strided_timesteps"; nothing where nothing is lent."""
    *others, last = sorted(task.split(".")[1] for task in lent) or [""]
    names = " and ".join(filter(None, [", ".join(others), last]))
    return f"with a lent {names}" if names else ""
