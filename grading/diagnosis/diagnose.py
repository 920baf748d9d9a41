"""What is wrong with a failed function: it is read back, and the catalogue is asked."""

from dataclasses import dataclass, field, replace

from ..sandbox import limits
from ..sandbox.student import Student
from ..verdicts import Finding
from . import readback
from .clock import Bounds
from .counterexample import smallest_failing_call
from .matching import IN_FLOAT32, only_in_float32, recognised
from .mistakes import Mistake
from .reading import read_back
from .told import results_are_right, told_already

_BROKEN_OFF = "the search for the mistake was broken off: this function, or this machine, is too slow for it"


@dataclass
class Diagnosis:
    mistakes: list[Mistake] = field(default_factory=list)
    reading: list[Finding] = field(default_factory=list)
    formula: readback.Reading | None = None  # what was read back, of which ``reading`` tells in words
    unexplained: str = ""
    trouble: str = ""  # what went wrong in the reader


def diagnose(student: Student) -> Diagnosis:
    """What is wrong with a failed function."""
    bounds = Bounds()
    read = _try_reading(student, bounds)
    mistakes = recognised(student.task, student.record, bounds.emergency, unseen=not read.reading)
    if bounds.broken_off:
        return Diagnosis(unexplained=_BROKEN_OFF)
    if not (read.reading or mistakes) and only_in_float32(student.task, student.record):
        return replace(read, reading=[IN_FLOAT32])
    came_back = any(one.reply is not None for one in student.record) or student.task in readback.NETWORKS
    if read.reading or mistakes or not came_back or told_already(student.failures):
        return replace(read, mistakes=mistakes)
    smallest = smallest_failing_call(student)
    told = "no known mistake explains these results" + f"; smallest failing call: {smallest}" * bool(smallest)
    return replace(read, unexplained=told)


def _try_reading(student: Student, bounds: Bounds) -> Diagnosis:
    """What is read back, and what went wrong in the reader; the catalogue is asked all the same."""
    if results_are_right(student.failures):
        return Diagnosis()
    try:
        formula = read_back(student, bounds.tries(limits.READING_TRIES))
        return Diagnosis(reading=formula.findings() if formula is not None else [], formula=formula)
    except Exception as error:
        return Diagnosis(trouble=f"nothing read back of {student.task}: {type(error).__name__}: {error}")
