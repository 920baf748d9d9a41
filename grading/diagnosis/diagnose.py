"""What is wrong with a failed function: it is read back, the catalogue is asked, and its code is tried with small edits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..sandbox import limits
from ..sandbox.student import Student
from ..verdicts import Finding, Likeness, Repair, Value
from . import likeness, readback
from .clock import Bounds
from .counterexample import smallest_failing_call
from .kept import kept_from_earlier_calls
from .matching import IN_FLOAT32, only_in_float32, recognised
from .mistakes import Mistake
from .reading import read_back
from .repair import Check, repaired
from .told import nothing_ran, only_the_form, results_are_right, told_already
from .whereabouts import whereabouts

_BROKEN_OFF = "the search for the mistake was broken off: this function, or this machine, is too slow for it"


@dataclass
class Diagnosis:
    mistakes: list[Mistake] = field(default_factory=list)
    reading: list[Finding] = field(default_factory=list)
    formula: readback.Reading | None = None  # what was read back, of which ``reading`` tells in words
    repair: Repair | None = None
    unexplained: str = ""
    values: tuple[Value, ...] = ()  # at points that are the same for everybody
    trouble: list[str] = field(default_factory=list)  # what went wrong in reading and repairing

    @property
    def likeness(self) -> Likeness:
        """A formula that was read back stays what the code is, also where a repair says more to a student."""
        read = self.formula.findings() if self.formula is not None else self.reading
        mistakes = {mistake.name: mistake.staff for mistake in self.mistakes}
        return Likeness(mistakes, tuple(finding.staff for finding in read), self.values)


def diagnose(student: Student, checks: Sequence[Check] = ()) -> Diagnosis:
    """What is wrong with a failed function, from what came back, further answers, and its checks asked of edited code."""
    if nothing_ran(student.failures):
        return Diagnosis()
    bounds = Bounds(student.deadline)
    found = _recognised(student, bounds)
    if bounds.broken_off:
        return Diagnosis(unexplained=_BROKEN_OFF, trouble=found.trouble)
    found = _try_knowing_again(found, student, bounds)
    if not (found.reading or found.mistakes or results_are_right(student.failures)):
        found = replace(found, reading=kept_from_earlier_calls(student, bounds.emergency))
        if bounds.broken_off:
            return Diagnosis(unexplained=_BROKEN_OFF, trouble=found.trouble)
    if checks:
        found = _try_repairing(found, student, checks)
    known = bool(found.reading or found.mistakes or found.repair)
    if not known and only_in_float32(student.task, student.record):
        return replace(found, reading=[IN_FLOAT32])
    came_back = any(one.reply is not None for one in student.record) or student.task in readback.NETWORKS
    if known or told_already(student.failures) or not came_back:
        return found  # where nothing came back there is nothing to explain
    where, smallest = whereabouts(student.task, student.record), smallest_failing_call(student)
    told = "no known mistake explains these results" + f"; {where}" * bool(where)
    return replace(found, unexplained=told + f"; smallest failing call: {smallest}" * bool(smallest))


def _recognised(student: Student, bounds: Bounds) -> Diagnosis:
    """What is known of such results."""
    read = _try_reading(student, bounds)
    mistakes = recognised(student.task, student.record, bounds.emergency, unseen=not read.reading)
    if len(mistakes) > 1 and results_are_right(student.failures):
        mistakes = []  # the check has said it, and which of them it is shows nowhere
    if mistakes and read.formula is not None and readback.things(read.formula) > 1:
        return replace(read, mistakes=mistakes, reading=[])  # one cause of all says more than a formula taken apart
    told = [_words(mistake.student) for mistake in mistakes]
    more = [finding for finding in read.reading if not any(_words(finding.student) <= words for words in told)]
    return replace(read, mistakes=mistakes, reading=more)


def _words(sentence: str) -> set[str]:
    return set(re.findall(r"\w+", sentence.lower())) - {"here"}


def _try_reading(student: Student, bounds: Bounds) -> Diagnosis:
    """What is read back, and what went wrong in the reader; the catalogue is asked all the same."""
    if results_are_right(student.failures):
        return Diagnosis()
    try:
        formula = read_back(student, bounds.tries(limits.READING_TRIES))
        return Diagnosis(reading=formula.findings() if formula is not None else [], formula=formula)
    except Exception as error:
        return Diagnosis(trouble=[f"nothing read back of {student.task}: {type(error).__name__}: {error}"])


def _try_knowing_again(found: Diagnosis, student: Student, bounds: Bounds) -> Diagnosis:
    """With what the code gives at everybody's points, before any edit of it is tried."""
    try:
        return replace(found, values=likeness.values(student, bounds.emergency))
    except Exception as error:
        trouble = f"{student.task} cannot be known again: {type(error).__name__}: {error}"
        return replace(found, trouble=[*found.trouble, trouble])


def _try_repairing(found: Diagnosis, student: Student, checks: Sequence[Check]) -> Diagnosis:
    """The diagnosis with a repair, if there is one. A single edit that mends all says more than a formula taken apart."""
    things = sum(finding.things for finding in found.reading)
    try:
        # One known mistake that explains all is not two, and what was read back names all that is wrong.
        said = bool(found.mistakes) or things == 1
        pairs = not (found.mistakes or only_the_form(student.failures))
        repair = repaired(student, checks, pairs=pairs, thoroughly=not found.reading, beside=said)
    except Exception as error:
        trouble = f"no repair of {student.task}: {type(error).__name__}: {error}"
        return replace(found, trouble=[*found.trouble, trouble])
    if repair is not None and repair.edits == 1 and things > 1:
        return replace(found, repair=repair, reading=[])
    return replace(found, repair=repair)
