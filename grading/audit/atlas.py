"""Whether the atlas of a class puts together what is the same, and nothing else, in whatever style it is written.

A class is made up: random edits of the eight other solutions, so many of each function that some compute the same, and
catalogued mistakes in all their clothes. Of an edit is known what its code gives on inputs that neither the grader nor
the atlas asks, to six digits; of a rewritten mistake, which one it is.
"""

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..checking.compare import alike, exact
from ..checking.points import cases
from ..contract.functions import function
from ..diagnosis import Check, Diagnosis, diagnose
from ..diagnosis.mistakes import Mistake, catalogue
from ..grader import Run, grade
from ..grader.crew import Claim, Send, share_out
from ..report import staff
from ..report.atlas import groups
from ..sandbox import limits
from ..sandbox.crossing.values import fresh
from ..sandbox.fork_server import ForkServer
from ..sandbox.student import NotAsked, Student
from ..submissions import opened
from ..verdicts import FAILED, Failure, GraderFault, Verdict
from . import strangers, submissions
from .restyle import WAYS, applies
from .restyle.drawn import Entry
from .restyle.same import computes_the_same, implementation
from .rounds import Round, in_rounds

OF_A_FUNCTION = 20  # edits: so many that some are the same
CLOTHES = 6  # of a catalogued mistake, about
ROUNDING = 1e-6  # of a result's size
EDITED, REWRITTEN = "edits of the other solutions", "catalogued mistakes rewritten by tool"


@dataclass(frozen=True)
class Made:
    """One failed function of the class, and what is known of its mistake."""

    kind: str
    task: str
    name: str
    truth: Any  # the results of an edit at further points, the name of a mistake; None where nothing is known
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Grouped:
    """How groups compare with what is known."""

    kind: str
    unknown: (
        int  # that raise whatever they are asked, or are wrong in something else than values: nobody knows their truth
    )
    made: int  # the others that fail
    groups: int
    known: int  # different mistakes
    pure: int  # members that are of their group's most frequent mistake
    complete: int  # members that are in their mistake's largest group
    together: int  # pairs that stand together
    same: int  # pairs that are the same
    both: int  # pairs that stand together and are the same

    def lines(self) -> list[str]:
        return [
            f"{self.kind}: {self.made} that fail, {self.known} different mistakes, {self.groups} groups; "
            f"{self.unknown} more are not counted",
            f"  purity {self.pure / max(self.made, 1):.3f}, completeness {self.complete / max(self.made, 1):.3f}",
            f"  {self.both} of {self.same} pairs that are the same stand together, "
            f"and {self.together - self.both} that are not",
        ]


def measured(fork_server: ForkServer, tasks: Sequence[str], seed: int, count: int, jobs: int) -> list[Grouped]:
    """Of a class with so many edits, and half as many rewritten mistakes."""
    rounds = [*_of_edits(tasks, count, seed), *_of_rewritten(tasks, count // 2, seed)]
    made = _graded(fork_server, rounds, jobs)
    return [compared(kind, [one for one in made if one.kind == kind]) for kind in (EDITED, REWRITTEN)]


def compared(kind: str, made: Sequence[Made]) -> Grouped:
    """Those alone of which something is known."""
    known = [one for one in made if one.truth is not None]
    truth = _labels(known)
    records: dict[str, dict[str, Any]] = {str(number): {one.task: one.record} for number, one in enumerate(known)}
    found = [[int(key) for key in group.members] for group in groups(records)]
    mistakes: dict[int, list[int]] = defaultdict(list)
    for number, label in enumerate(truth):
        mistakes[label].append(number)
    group_of = {number: index for index, members in enumerate(found) for number in members}
    return Grouped(
        kind,
        len(made) - len(known),
        len(known),
        len(found),
        len(mistakes),
        sum(max(Counter(truth[number] for number in members).values()) for members in found),
        sum(max(Counter(group_of[number] for number in members).values()) for members in mistakes.values()),
        sum(len(members) * (len(members) - 1) // 2 for members in found),
        sum(len(members) * (len(members) - 1) // 2 for members in mistakes.values()),
        sum(truth[a] == truth[b] for members in found for a, b in combinations(members, 2)),
    )


def _labels(known: Sequence[Made]) -> list[int]:
    """A number for each different mistake."""
    first: list[Made] = []
    labels = []
    for one in known:
        label = next((i for i, other in enumerate(first) if other.task == one.task and _same(other, one)), len(first))
        first += [one] if label == len(first) else []
        labels.append(label)
    return labels


def _same(one: Made, other: Made) -> bool:
    if one.kind == REWRITTEN:
        return bool(one.truth == other.truth)
    both = zip(map(_tensor, one.truth), map(_tensor, other.truth))
    return len(one.truth) == len(other.truth) and all(alike(a, b, ROUNDING) for a, b in both)


def _tensor(value: Any) -> Any:
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


# --- the class ----------------------------------------------------------------------------------------------------


def _of_edits(tasks: Sequence[str], count: int, seed: int) -> Iterator[Round]:
    """Of few functions, so that there are many of each."""
    some = random.Random(seed).sample([task for task in tasks if function(task).exact], _functions(tasks, count))
    for members in strangers.in_rounds(strangers.drawn(some, count, seed)):
        yield Round(EDITED, {one.task: one for one in members}, partial(strangers.hand_in, members), seed)


def _functions(tasks: Sequence[str], count: int) -> int:
    return min(-(-count // OF_A_FUNCTION), sum(function(task).exact for task in tasks))


def _of_rewritten(tasks: Sequence[str], count: int, seed: int) -> Iterator[Round]:
    known = [one for one in catalogue() if one.task in tasks and function(one.task).exact]
    some = random.Random(seed).sample(known, min(-(-count // CLOTHES), len(known)))
    entries = list(chain.from_iterable(_clothes(one, seed) for one in some))[:count]
    for own in in_rounds(entries, lambda entry: entry.task):
        yield Round(REWRITTEN, own, partial(submissions.of_restyled, own), seed)


def _clothes(mistake: Mistake, seed: int) -> Iterator[Entry]:
    for way in WAYS:
        entry = Entry(mistake, way)
        if applies(entry.module, mistake.name, way) and computes_the_same(
            mistake.task, mistake.implementation, implementation(mistake.task, mistake.name, way), seed
        ):
            yield entry


# --- what came of it ----------------------------------------------------------------------------------------------


def _graded(fork_server: ForkServer, rounds: Sequence[Round], jobs: int) -> list[Made]:
    came: dict[int, list[Made]] = {}

    def take(one: tuple[int, list[Made]]) -> None:
        came[one[0]] = one[1]

    def member(own: ForkServer, claim: Claim, send: Send) -> str:
        for number, one in enumerate(rounds):
            if claim(number):
                with tempfile.TemporaryDirectory(prefix="atlas-") as folder:
                    send((number, _round(own, one, Path(folder) / "submission")))
        return ""

    troubles = share_out(fork_server, len(rounds), jobs, member, take)
    if len(came) < len(rounds):
        raise GraderFault(f"{len(came)} of {len(rounds)} rounds were graded: {'; '.join(troubles)}")
    return [one for number in sorted(came) for one in came[number]]


def _round(fork_server: ForkServer, one: Round, folder: Path) -> list[Made]:
    verdicts: dict[str, Verdict] = {}
    results: dict[str, list[Any]] = {}

    def diagnosed(student: Student, checks: Sequence[Check]) -> Diagnosis:
        found = diagnose(student, checks)
        results[student.task] = _results(student, one.seed + 1)
        return found

    with opened(one.hand_in(folder)) as submission:
        run = Run(submission, tuple(one.entries), one.seed, diagnosed, carry=False)
        grade(fork_server, run, lambda verdict: verdicts.update({verdict.task: verdict}))
        records = staff.document(verdicts, submission.folder)["functions"]
    return [
        Made(one.kind, task, one.entries[task].name, _truth(one, task, results.get(task, [])), records[task])
        for task, verdict in verdicts.items()
        if verdict.outcome == FAILED and task in records
    ]


def _truth(one: Round, task: str, results: list[Any]) -> Any:
    if one.kind == REWRITTEN:
        return one.entries[task].mistake.name
    return results if any(not isinstance(came, str) for came in results) else None


def _results(student: Student, seed: int) -> list[Any]:
    """What the code gives at points that nobody else asks, or the exception's type; nothing where all is right."""
    came: list[Any] = []
    right = True
    for _, arguments in cases(student.task, seed):
        try:
            value = student.ask(limits.CALL_SECONDS, **{name: fresh(one) for name, one in arguments.items()})
        except (Failure, NotAsked) as error:
            value = getattr(error, "error", "") or "nothing"
        right = right and alike(exact(student.task, arguments), value, ROUNDING)
        came.append(value.numpy() if isinstance(value, Tensor) else value)  # a tensor would be sent as an open file
    return [] if right else came
