"""What is wrong with a failed function: the catalogue and the reading back are asked, in the order that is quicker."""

from dataclasses import dataclass, field, replace

from ..sandbox import limits
from ..sandbox.student import Student
from ..verdicts import Finding
from . import readback
from .clock import Clock
from .counterexample import smallest_failing_call
from .matching import explanations, proven
from .mistakes import Mistake
from .reading import read_back
from .told import results_are_right, told_already


@dataclass
class Diagnosis:
    mistakes: list[Mistake] = field(default_factory=list)
    reading: list[Finding] = field(default_factory=list)
    formula: readback.Reading | None = None  # what was read back, of which ``reading`` tells in words
    unexplained: str = ""
    trouble: str = ""  # what went wrong in the reader


def diagnose(student: Student) -> Diagnosis:
    """What is wrong with a failed function; what is the quicker of the two comes first."""
    clock = Clock()
    random = student.task in readback.STATISTICS  # every mistake of the catalogue would have to be replayed often
    read = _try_reading(student, clock, limits.READING_SECONDS) if random else Diagnosis()
    mistakes = explanations(student.task, student.record, clock.past_matching)
    mistakes = proven(mistakes, student.task, student.record, clock.past_matching)
    if not random:
        formula = student.task in readback.SUMS  # is read term by term, which says more than the catalogue does
        seconds = limits.READING_SECONDS / (2 if mistakes and not formula else 1)
        read = _try_reading(student, clock, seconds)
    came_back = any(one.reply is not None for one in student.record) or student.task in readback.NETWORKS
    if read.reading or mistakes or not came_back or told_already(student.failures):
        return replace(read, mistakes=mistakes)
    smallest = smallest_failing_call(student)
    told = "no known mistake explains these results" + f"; smallest failing call: {smallest}" * bool(smallest)
    return replace(read, unexplained=told)


def _try_reading(student: Student, clock: Clock, seconds: float) -> Diagnosis:
    """What is read back, and what went wrong in the reader; the catalogue is asked all the same."""
    if results_are_right(student.failures):
        return Diagnosis()
    try:
        formula = read_back(student, clock.past_reading(seconds))
        return Diagnosis(reading=formula.findings() if formula is not None else [], formula=formula)
    except Exception as error:
        return Diagnosis(trouble=f"nothing read back of {student.task}: {type(error).__name__}: {error}")
