"""What gradings amount to, function by function."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..verdicts import FAILED, NOT_GRADED, PASSED
from .diagnoses import MISSING, WRONG, Statement, judge
from .rounds import Graded

MISTAKE, SOLUTION, MUTANT, PAIR = "mistake", "solution", "mutant", "pair"


@dataclass(frozen=True)
class Grading:
    """One wrong or right implementation of a function, and what came of it."""

    kind: str
    task: str
    name: str
    graded: Graded
    equivalent: bool = False  # declared to compute the same


@dataclass
class Diagnoses:
    """How many are right by reading back alone, by the catalogue alone, by both; how many wrong or missing."""

    reading: int = 0
    matching: int = 0
    both: int = 0
    missing: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, statement: Statement, mistake: str | None) -> None:
        outcome = judge(statement, mistake)
        if outcome == WRONG:
            said = ", ".join(statement.named) or "a formula"
            self.wrong.append(f"{name}: {said} does not give its results")
        elif outcome == MISSING:
            self.missing += 1
        elif statement.named and statement.read:
            self.both += 1
        elif statement.named:
            self.matching += 1
        else:
            self.reading += 1

    @property
    def right(self) -> int:
        return self.reading + self.matching + self.both


@dataclass
class Function:
    """What the audit found of one graded function."""

    task: str
    mistakes: int = 0
    survivors: list[str] = field(default_factory=list)
    diagnoses: Diagnoses = field(default_factory=Diagnoses)
    nearest: float | None = None  # the smallest error of a mistake that a comparison caught, over its tolerance
    correct: int = 0  # complete solutions
    alarms: list[str] = field(default_factory=list)  # those that lost the point
    furthest: float = 0.0  # the largest error of a correct solution, over its tolerance
    mutants: int = 0
    same_code: int = 0  # of the mutants: not graded
    declared: int = 0  # of the mutants: they compute the same
    on_import: int = 0  # of the mutants: killed by not even being imported
    surviving: list[str] = field(default_factory=list)  # mutants that nothing declares equivalent
    refuted: list[str] = field(default_factory=list)  # declared equivalent, and killed
    pairs: int = 0
    surviving_pairs: list[str] = field(default_factory=list)
    pair_diagnoses: Diagnoses = field(default_factory=Diagnoses)
    faults: list[str] = field(default_factory=list)  # gradings that came to no verdict

    @property
    def killed(self) -> int:
        """Of the mutants."""
        return self.mutants - self.same_code - self.declared - len(self.surviving)

    def leave_out(self, same_code: bool) -> None:
        """Count a mutant that was not graded: it is the same code, or declared equivalent."""
        self.mutants += 1
        self.same_code += same_code
        self.declared += not same_code

    def problems(self) -> list[str]:
        """All that makes an audit fail, in words."""
        return [
            *(f"a mistake survives: {self.task} {name}" for name in self.survivors),
            *(f"a mutant survives: {name}" for name in self.surviving),
            *(f"declared equivalent, but killed: {name}" for name in self.refuted),
            *(f"a pair survives: {name}" for name in self.surviving_pairs),
            *(f"a correct solution loses a point: {self.task} {name}" for name in self.alarms),
            *(f"a wrong diagnosis: {self.task} {name}" for name in self.diagnoses.wrong + self.pair_diagnoses.wrong),
            *(f"not graded: {self.task} {name}" for name in self.faults),
        ]


def tally(tasks: list[str], gradings: Iterable[Grading]) -> dict[str, Function]:
    functions = {task: Function(task) for task in tasks}
    for one in gradings:
        function, outcome = functions[one.task], one.graded.verdict.outcome
        if outcome == NOT_GRADED:
            function.faults.append(f"{one.name}: {one.graded.verdict.reason}")
        _COUNT[one.kind](function, one, outcome not in (PASSED, NOT_GRADED))
    return functions


def _mistake(function: Function, one: Grading, killed: bool) -> None:
    function.mistakes += 1
    margin = one.graded.margin
    if not killed:
        function.survivors.append(one.name)
    if one.graded.verdict.outcome == FAILED:
        function.diagnoses.add(one.name, one.graded.statement, one.name)
        if margin is not None and margin > 1:
            function.nearest = margin if function.nearest is None else min(function.nearest, margin)


def _solution(function: Function, one: Grading, killed: bool) -> None:
    function.correct += 1
    function.furthest = max(function.furthest, one.graded.margin or 0.0)
    if killed:
        function.alarms.append(f"{one.name}: {_why(one)}")


def _mutant(function: Function, one: Grading, killed: bool) -> None:
    function.mutants += 1
    function.declared += one.equivalent
    function.on_import += killed and any(
        check.failure.importing for check in one.graded.verdict.failures if check.failure
    )
    if killed and one.equivalent:
        function.refuted.append(f"{one.name}: {_why(one)}")
    if not killed and not one.equivalent:
        function.surviving.append(one.name)


def _pair(function: Function, one: Grading, killed: bool) -> None:
    function.pairs += 1
    if not killed and not one.equivalent:
        function.surviving_pairs.append(one.name)
    if one.graded.verdict.outcome == FAILED:
        function.pair_diagnoses.add(one.name, one.graded.statement, None)


_COUNT = {MISTAKE: _mistake, SOLUTION: _solution, MUTANT: _mutant, PAIR: _pair}


def _why(one: Grading) -> str:
    """What the first failed check says."""
    verdict = one.graded.verdict
    return next((check.failure.summary for check in verdict.checks if check.failure is not None), verdict.reason)
