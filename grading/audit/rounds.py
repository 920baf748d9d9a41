"""Many gradings in one: a round hands in one wrong implementation of every function at once.

Functions are graded independently of each other, so that a round of fifty functions is fifty gradings. Rounds are
shared out to forked graders; what the comparisons of a grading came out at is noted where they are made.
"""

import gc
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..checking import compare
from ..diagnosis import Check, Diagnosis
from ..grader import Run, grade
from ..grader.crew import Claim, Send, share_out
from ..sandbox.fork_server import ForkServer
from ..sandbox.student import Student
from ..submissions import opened
from ..verdicts import GraderFault, Verdict
from .diagnoses import Statement, examine

Entry = TypeVar("Entry")


@dataclass
class Graded:
    """What came of grading one function."""

    verdict: Verdict
    margin: float | None  # the largest error over its tolerance, of all comparisons; None where none was made
    statement: Statement  # what the diagnosis said, and how much of it is true
    seconds: float | None = None  # by the wall clock, without the audit's own questions; None where a round begins


@dataclass
class Round:
    """A submission, by the implementations of the functions in it that are graded."""

    kind: str
    entries: dict[str, Any]
    hand_in: Callable[[Path], Path]  # writes the submission, into a folder that does not exist yet if it needs one
    seed: int
    diagnosed: bool = True  # otherwise the grading of a function ends at its first failed check


def in_rounds(entries: Sequence[Entry], task_of: Callable[[Entry], str]) -> Iterator[dict[str, Entry]]:
    """The first entry of every function, then the second of every function, and so on."""
    of_task: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_task[task_of(entry)].append(entry)
    for number in range(max(map(len, of_task.values()), default=0)):
        yield {task: own[number] for task, own in of_task.items() if number < len(own)}


def grade_all(
    fork_server: ForkServer, rounds: Sequence[Round], jobs: int, on_round: Callable[[Round, dict[str, Graded]], None]
) -> None:
    """Grade all rounds on ``jobs`` graders side by side, and hand on the results as they come."""
    came: list[int] = []

    def take(one: tuple[int, dict[str, Graded]]) -> None:
        came.append(one[0])
        on_round(rounds[one[0]], one[1])

    def member(own: ForkServer, claim: Claim, send: Send) -> str:
        with tempfile.TemporaryDirectory(prefix="audit-") as folder:
            for index, one in enumerate(rounds):
                if claim(index):
                    gc.collect()  # what the round before left in circles, …
                    gc.freeze()  # … so that what stays is not looked through again and again
                    send((index, grade_round(own, one, Path(folder) / "submission")))
        return ""

    troubles = share_out(fork_server, len(rounds), jobs, member, take)
    if len(came) < len(rounds):
        raise GraderFault(f"{len(came)} of {len(rounds)} rounds were graded: {'; '.join(troubles)}")


def grade_round(fork_server: ForkServer, one: Round, folder: Path) -> dict[str, Graded]:
    """Grade one round in this process."""
    results: dict[str, Graded] = {}
    margins: list[float] = []
    statements: dict[str, Statement] = {}
    before = 0.0  # when the last verdict stood

    def take(verdict: Verdict) -> None:
        nonlocal before
        statement = statements.get(verdict.task, Statement())
        now = time.monotonic()
        seconds = now - before - statement.asking if before else None
        results[verdict.task] = Graded(verdict, max(margins, default=None), statement, seconds)
        margins.clear()
        before = now

    def examined(student: Student, checks: Sequence[Check]) -> Diagnosis:
        diagnosis, statements[student.task] = examine(student, checks, one.seed)
        return diagnosis

    shutil.rmtree(folder, ignore_errors=True)
    with opened(one.hand_in(folder)) as submission, compare.noting(margins.append):
        grade(
            fork_server,
            Run(submission, tuple(one.entries), one.seed, examined if one.diagnosed else None, carry=False),
            take,
        )
    return results
