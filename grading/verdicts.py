"""The vocabulary: whose fault something is, what was found, and the outcome of grading one function."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PASSED, FAILED, NOT_IMPLEMENTED, NOT_GRADED = "passed", "failed", "not implemented", "not graded"
HINTS = ("none", "property", "mistake")  # how much a student is told: the verdict, which properties fail, everything
BY_HAND = "by hand"  # the grader cannot reach it: a person looks at it


@dataclass
class Failure(AssertionError):
    """The submission's fault, which costs its points, as one readable block.

    What was called, what was expected, what came back, and where the student's code stands.
    """

    summary: str
    called: str = ""
    expected: str = ""
    got: str = ""
    where: list[str] = field(default_factory=list)  # the student's own frames, "ddpm.py:12 in step: x = 1 / 0"
    printed: str = ""
    error: str = ""  # the type of the exception that the student's code raised
    # wrong (the check's own property) | value | gradient | nothing | form | not finite | boxes | told | raised | names |
    # default | cut off | detached | changed | grad left | seeded | anew | unsteady | not implemented | not here | hung | died |
    # no parameters
    kind: str = "wrong"
    importing: bool = False  # it came up while the submission was imported
    subject: str = ""  # the arguments that were changed, or whose default is another one
    call: Any = field(default=None, repr=False, compare=False)  # the call that showed it, while its checks run

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"  {label:<9} {text}" for label, text in self.lines())])

    def lines(self) -> list[tuple[str, str]]:
        rows = [("called", self.called), ("expected", self.expected), ("got", self.got)]
        rows += [("at", line) for line in self.where] + [("printed", self.printed.strip())]
        return [(label, text) for label, text in rows if text]


class GraderFault(Exception):
    """The grader itself is at fault: nobody gains or loses a point by it."""


class Unusable(Exception):
    """The submission or the arguments cannot be used; the message says what was expected."""


@dataclass(frozen=True)
class Finding:
    """What is wrong in a formula that was read back: one thing, or several in one sentence."""

    student: str
    staff: str
    things: int = 1


@dataclass(frozen=True)
class Terms:
    """A formula of which some terms are right, as was shown by reading it back."""

    right: tuple[str, ...]  # the weights of these
    number: int  # of all terms


@dataclass(frozen=True)
class Term:
    """One term of a formula."""

    weight: str  # LaTeX
    of: str  # what it is the weight of: an argument, or words; nothing where the formula is a single number
    right: bool  # the weight is the one that was asked for


@dataclass(frozen=True)
class Formula:
    """What a function computes, as it was read back; ``where``: for which arguments, "at t_prev = -1".

    Of a function that takes many steps it is a part, "in every step": a call of the function ``of``, and what this is
    asked to be, written in the same terms.
    """

    where: str
    terms: tuple[Term, ...]
    of: str = ""
    asked: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Repair:
    """A small change of the student's code under which every check passes."""

    student: str  # where, and what is wrong there
    edits: int  # how many pieces have to be changed
    places: list[str]  # that are named, "ddpm.py:12"
    staff: list[str]  # the changes that do it, "ddpm.py:12: before → after"


@dataclass(frozen=True)
class WrittenCall:
    """A call that failed, as Python, to be made again in the student's own process; or why it cannot be."""

    given: tuple[tuple[str, str], ...] = ()  # arguments and expressions, which may use ``tensors`` and ``given``
    before: tuple[str, ...] = ()  # lines that come before the call
    returned: str = ""  # the call itself, of ``function``
    probes: tuple[str, ...] = ()  # among the arguments
    tensors: bytes = b""  # a safetensors file of those that are too large to be read
    expected: str = ""  # an expression, where the call has one right result and that is not what came
    allowed: float = 0.0
    dtype: str = ""  # the result's, where one is fixed
    why_not: str = ""


@dataclass(frozen=True)
class Value:
    """What came of one call, as far as it is needed to know it again."""

    form: str  # its shape, or the type of the exception
    numbers: tuple[float, ...]  # of each tensor its size and two sums


@dataclass(frozen=True)
class Likeness:
    """By what the same mistake is known again in somebody else's code, in whatever style: for staff alone."""

    mistakes: Mapping[str, str]  # of the catalogue, that give every result: what staff are told, by name
    reading: tuple[str, ...]  # what is wrong with the formula that was read back, in staff's words
    values: tuple[Value, ...]  # at points that are the same for everybody; none where these are right


@dataclass
class CheckResult:
    title: str  # the property, as a student reads it
    failure: Failure | None = None  # the submission's fault
    fault: str = ""  # the grader's fault


@dataclass
class Verdict:
    task: str
    outcome: str
    checks: list[CheckResult] = field(default_factory=list)
    defined_at: str = ""  # "ddpm.py:12"
    mistakes: list[str] = field(default_factory=list)  # what explains every result that came back
    reading: list[Finding] = field(default_factory=list)  # what is wrong with the formula that was read back
    formulas: list[Formula] = field(default_factory=list)  # all of it, where one was read back and is exact
    remarks: list[str] = field(default_factory=list)  # cost nothing: what works here and will bite elsewhere
    repair: Repair | None = None  # what has to be changed for every check to pass
    unexplained: str = ""  # said where nothing known explains the results, with the smallest failing call
    closed: list[str] | None = None  # what the kernel closed to the student's code; None where none was run
    reason: str = ""  # for "not implemented", "not graded" and "by hand"
    searching: bool = False  # it stands; its mistake is being looked for still
    out_of_time: bool = False  # not graded since the submission's deadline had passed: nobody's fault here
    carried: list[str] = field(default_factory=list)  # it is right by itself, and fails because of these
    beside: list[str] = field(default_factory=list)  # it is wrong with right ones in the place of these, too
    unwritten: list[str] = field(default_factory=list)  # of these, what is not written yet
    borrowed: list[str] = field(default_factory=list)  # of the functions lent to it, those that it called
    asked_in: str = ""  # where a course's own kit asks for it: "scheduler/DDPM_scheduler.py, TODO 2"
    words: Mapping[str, str] = field(default_factory=dict)  # the contract's names → that kit's
    terms: Terms | None = None  # of its formula, where it was read back term by term
    likeness: Likeness | None = None  # of a function that failed and was diagnosed
    call: WrittenCall | None = None  # of a function that failed, where it was asked for

    @property
    def failures(self) -> list[CheckResult]:
        return [check for check in self.checks if check.failure is not None]

    @property
    def at_fault(self) -> bool:
        """Whether the grader is: a submission whose time was up is not graded either, and nobody here is at fault."""
        return self.outcome == NOT_GRADED and not self.out_of_time


def conclude(
    task: str, checks: list[CheckResult], expected: int, stopped: Failure | None, called: bool, cut_short: str = ""
) -> Verdict:
    """One verdict from all checks of a function. Full marks need every check to have run and passed.

    ``called`` says whether the student's function was: a check that asks it nothing says nothing about it. Where the
    checks were ``cut_short``, it says by what; what they have found by then stands.
    """
    faults = [check.fault for check in checks if check.fault]
    if faults:
        return Verdict(task, NOT_GRADED, checks, reason=faults[0])
    if stopped is not None and stopped.kind == "not implemented":
        return Verdict(task, NOT_IMPLEMENTED, checks, reason=_what_is_missing(stopped))
    if any(check.failure is not None for check in checks):
        return Verdict(task, FAILED, checks)
    if cut_short:
        return Verdict(task, NOT_GRADED, checks, reason=cut_short, out_of_time=True)
    if len(checks) < expected or expected == 0:
        return Verdict(task, NOT_GRADED, checks, reason=f"{len(checks)} of {expected} checks ran")
    if not called:
        return Verdict(task, NOT_GRADED, checks, reason="no check called the function")
    return Verdict(task, PASSED, checks)


def _what_is_missing(stopped: Failure) -> str:
    return f"NotImplementedError at {stopped.where[-1]}" if stopped.where else stopped.summary
