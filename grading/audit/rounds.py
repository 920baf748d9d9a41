"""Many gradings in one: a round hands in one wrong implementation of every function at once.

Functions are graded independently of each other, so that a round of fifty functions is fifty gradings. Rounds are
shared out to forked graders; what the comparisons of a grading came out at is noted where they are made.
"""

import gc
import multiprocessing
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeVar, cast

import torch

from .. import compare, engine
from ..diagnosis import Diagnosis
from ..failures import GraderFault
from ..student import Student
from ..verdicts import Verdict
from ..zygote import Zygote
from .diagnoses import Statement, examine

Entry = TypeVar("Entry")


@dataclass
class Graded:
    """What came of grading one function."""

    verdict: Verdict
    margin: float | None  # the largest error over its tolerance, of all comparisons; None where none was made
    statement: Statement  # what the diagnosis said, and how much of it is true


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


def grade(
    zygote: Zygote, rounds: Sequence[Round], jobs: int, on_round: Callable[[Round, dict[str, Graded]], None]
) -> None:
    """Grade all rounds on ``jobs`` graders side by side, and hand on the results as they come."""
    fork = multiprocessing.get_context("fork")
    torch.set_num_threads(1)  # before forking: no parallel region has run yet, and none will
    begun = fork.Value("i", 0)
    receivers: list[Any] = []
    processes, twins = [], []
    for _ in range(jobs):
        receiver, sender = fork.Pipe(duplex=False)
        twins.append(zygote.clone())
        processes.append(fork.Process(target=_work, args=(sender, twins[-1], rounds, begun)))
        processes[-1].start()
        sender.close()
        receivers.append(receiver)
    came = 0
    while receivers:
        for receiver in cast("list[Any]", wait(receivers)):
            try:
                index, results = receiver.recv()
            except EOFError:
                receivers.remove(receiver)
                continue
            came += 1
            on_round(rounds[index], results)
    for process, twin in zip(processes, twins):
        process.join()
        twin.__exit__()
    if came < len(rounds):
        raise GraderFault(f"{came} of {len(rounds)} rounds were graded: a process that graded ended early")


def _work(sender: Connection, zygote: Zygote, rounds: Sequence[Round], begun: Any) -> None:
    with sender, tempfile.TemporaryDirectory(prefix="audit-") as folder:
        while True:
            with begun.get_lock():
                index, begun.value = begun.value, begun.value + 1
            if index >= len(rounds):
                return
            gc.collect()  # what the round before left in circles, …
            gc.freeze()  # … so that what stays is not looked through again and again
            sender.send((index, grade_round(zygote, rounds[index], Path(folder) / "submission")))


def grade_round(zygote: Zygote, one: Round, folder: Path) -> dict[str, Graded]:
    """Grade one round in this process."""
    results: dict[str, Graded] = {}
    margins: list[float] = []
    statements: dict[str, Statement] = {}

    def take(verdict: Verdict) -> None:
        statement = statements.get(verdict.task, Statement())
        results[verdict.task] = Graded(verdict, max(margins, default=None), statement)
        margins.clear()

    def examined(student: Student) -> Diagnosis:
        diagnosis, statements[student.task] = examine(student, one.seed)
        return diagnosis

    shutil.rmtree(folder, ignore_errors=True)
    submission = one.hand_in(folder)
    with compare.noting(margins.append):
        engine.grade(
            zygote, submission, list(one.entries), one.seed, take, diagnose=examined if one.diagnosed else None
        )
    return results
