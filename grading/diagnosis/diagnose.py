"""What is wrong with a failed function: the catalogue and the reading back are asked, in the order that is quicker."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..sandbox import limits
from ..sandbox.student import Student
from ..verdicts import Failure, Finding, Repair
from . import readback
from .clock import Clock
from .counterexample import smallest_failing_call
from .matching import explanations, proven
from .mistakes import Mistake
from .reading import read_back
from .repair import Check, repaired


@dataclass
class Diagnosis:
    mistakes: list[Mistake] = field(default_factory=list)
    reading: list[Finding] = field(default_factory=list)
    formula: readback.Reading | None = None  # what was read back, of which ``reading`` tells in words
    repair: Repair | None = None
    unexplained: str = ""
    trouble: list[str] = field(default_factory=list)  # what went wrong in reading and repairing


def told_already(failures: list[Failure]) -> bool:
    """Whether the checks say all that is wrong. Autograd itself refuses some of what is changed in place."""
    kinds = {failure.kind for failure in failures} - {"seeded", "default"}
    return kinds <= {"changed"} or kinds == {"changed", "raised"}


def diagnose(student: Student, checks: Sequence[Check] = ()) -> Diagnosis:
    """What is wrong with a failed function, from what came back, further answers, and its checks asked of edited code."""
    found = _recognised(student)
    if checks:
        found = _try_repairing(found, student, checks)
    came_back = any(one.reply is not None for one in student.record) or student.task in readback.NETWORKS
    if found.reading or found.mistakes or found.repair or not came_back:
        return found  # where nothing came back there is nothing to explain
    smallest = smallest_failing_call(student.task, student.record)
    told = "no known mistake explains these results" + f"; smallest failing call: {smallest}" * bool(smallest)
    return replace(found, unexplained=told)


def _recognised(student: Student) -> Diagnosis:
    """What is known of such results; what is the quicker of the two comes first."""
    clock = Clock()
    random = student.task in readback.STATISTICS  # every mistake of the catalogue would have to be replayed often
    read = _try_reading(student, clock, limits.READING_SECONDS) if random else Diagnosis()
    mistakes = explanations(student.task, student.record, clock.past_matching)
    mistakes = proven(mistakes, student.task, student.record, clock.past_matching)
    if not random:
        formula = student.task in readback.SUMS  # is read term by term, which says more than the catalogue does
        seconds = limits.READING_SECONDS / (2 if mistakes and not formula else 1)
        read = _try_reading(student, clock, seconds)
    return replace(read, mistakes=mistakes)


def _try_reading(student: Student, clock: Clock, seconds: float) -> Diagnosis:
    """What is read back, and what went wrong in the reader; the catalogue is asked all the same."""
    try:
        formula = read_back(student, clock.past_reading(seconds))
        return Diagnosis(reading=formula.findings() if formula is not None else [], formula=formula)
    except Exception as error:
        return Diagnosis(trouble=[f"nothing read back of {student.task}: {type(error).__name__}: {error}"])


def _try_repairing(found: Diagnosis, student: Student, checks: Sequence[Check]) -> Diagnosis:
    """The diagnosis with a repair, if there is one. A single edit that mends all says more than a formula taken apart."""
    try:
        repair = repaired(student, checks)
    except Exception as error:
        trouble = f"no repair of {student.task}: {type(error).__name__}: {error}"
        return replace(found, trouble=[*found.trouble, trouble])
    apart = sum(finding.things for finding in found.reading) > 1
    if repair is not None and repair.edits == 1 and apart:
        return replace(found, repair=repair, reading=[])
    return replace(found, repair=repair)
