"""Whether what a diagnosis says is true: held against answers to inputs that no check has drawn."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..checking.points import cases
from ..diagnosis import Check, Diagnosis, diagnose, readback
from ..diagnosis.matching import explanations
from ..diagnosis.readback.evidence import Answer, explains
from ..sandbox.student import Student
from ..verdicts import Failure

RIGHT, WRONG, MISSING = "right", "wrong", "missing"


@dataclass
class Statement:
    """What was said of one function."""

    named: list[str] = field(default_factory=list)  # mistakes of the catalogue
    refuted: list[str] = field(default_factory=list)  # those among them that other inputs tell from the code at hand
    read: bool = False  # a formula was read back
    misread: bool = False  # and other inputs tell it from the code at hand
    tested: bool = False  # there are inputs to tell by
    asking: float = 0.0  # seconds that this took


def examine(student: Student, checks: Sequence[Check], seed: int) -> tuple[Diagnosis, Statement]:
    """The diagnosis of a failed function, and whether it stands up to fresh inputs, asked of the same worker."""
    made = diagnose(student, checks)
    statement = Statement([mistake.name for mistake in made.mistakes], read=bool(made.reading))
    start = time.monotonic()
    if statement.named or statement.read:
        _refute(student, seed + 1, statement, made.formula)
    statement.asking = time.monotonic() - start
    return made, statement


def _refute(student: Student, seed: int, statement: Statement, formula: readback.Reading | None) -> None:
    seen = len(student.record)
    student.take_time()
    points = [arguments for _, arguments in cases(student.task, seed)]
    for arguments in points:
        with contextlib.suppress(Failure):
            student(**arguments)
    fresh = student.record[seen:]
    statement.tested = any(one.reply is not None for one in fresh)  # that both raise proves little
    if statement.named and fresh:
        still = {mistake.name for mistake in explanations(student.task, fresh)}
        statement.refuted = [name for name in statement.named if name not in still]
    if formula is not None and fresh:
        answers = [Answer(one.arguments, one.reply.value if one.reply else None, one.error) for one in fresh]
        statement.misread = not explains(formula.predict, answers)


def judge(statement: Statement, mistake: str | None = None) -> str:
    """Right, wrong or missing.

    A mistake of another name is right where it gives the same on inputs that no check has drawn; where there are no
    such inputs, because results are random, it has to be the one that was made. That one is right in any case: random
    results of its own may differ from those of the next call.
    """
    if set(statement.refuted) - {mistake} or statement.misread:
        return WRONG
    if not statement.named and not statement.read:
        return MISSING
    other = statement.named and mistake is not None and mistake not in statement.named
    return WRONG if other and not statement.tested else RIGHT
