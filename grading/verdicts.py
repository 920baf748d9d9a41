"""The outcome of grading one function, and how it follows from its checks."""

from dataclasses import dataclass, field

from .failures import Failure
from .readback import Finding

PASSED, FAILED, NOT_IMPLEMENTED, NOT_GRADED = "passed", "failed", "not implemented", "not graded"


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
    unexplained: str = ""  # said where nothing known explains the results, with the smallest failing call
    confined: bool | None = None  # whether the kernel confined the student's code; None where none was run
    reason: str = ""  # for "not implemented" and "not graded"

    @property
    def failures(self) -> list[CheckResult]:
        return [check for check in self.checks if check.failure is not None]


def conclude(task: str, checks: list[CheckResult], expected: int, stopped: Failure | None) -> Verdict:
    """One verdict from all checks of a function. Full marks need every check to have run and passed."""
    faults = [check.fault for check in checks if check.fault]
    if faults:
        return Verdict(task, NOT_GRADED, checks, reason=faults[0])
    if stopped is not None and stopped.kind == "not implemented":
        return Verdict(task, NOT_IMPLEMENTED, checks, reason=_what_is_missing(stopped))
    if any(check.failure is not None for check in checks):
        return Verdict(task, FAILED, checks)
    if len(checks) < expected or expected == 0:
        return Verdict(task, NOT_GRADED, checks, reason=f"{len(checks)} of {expected} checks ran")
    return Verdict(task, PASSED, checks)


def _what_is_missing(stopped: Failure) -> str:
    return f"NotImplementedError at {stopped.where[-1]}" if stopped.where else stopped.summary
