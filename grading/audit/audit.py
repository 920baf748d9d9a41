"""The whole audit: everything that is graded, and what it amounts to."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..contract.functions import function
from ..diagnosis.mistakes import Mistake, catalogue
from ..paths import ROOT
from ..sandbox.fork_server import ForkServer
from ..verdicts import PASSED
from . import submissions
from .coincidences import coincidences
from .completeness import written_in
from .equivalent import Declarations
from .mutants import Mutant, mutants, pairs
from .rounds import Graded, Round, grade_all, in_rounds
from .tally import MISTAKE, MUTANT, PAIR, SOLUTION, Function, Grading, tally

PAIRS = 3  # of mutants, for each function
UNNAMED = 0.05  # of the catalogue's mistakes, at most: on a machine that is shared a diagnosis runs out of time

CATALOGUE = catalogue()


@dataclass
class Audit:
    """What was found, and all that makes it fail."""

    seed: int
    functions: dict[str, Function]
    solutions: list[str]
    stale: list[str] = field(default_factory=list)  # declarations that fit no mutant
    warnings: list[str] = field(default_factory=list)  # of golden inputs that tell too little
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        told = [f"a declaration fits no mutant any more: {one}" for one in self.stale]
        said = [function.diagnoses for function in self.functions.values()]
        missing, known = sum(one.missing for one in said), sum(one.missing + one.right + len(one.wrong) for one in said)
        if missing > UNNAMED * known:
            told.append(f"{missing} of {known} catalogued mistakes are without a diagnosis")
        return told + [problem for function in self.functions.values() for problem in function.problems()]


def solutions() -> list[Path]:
    """Every complete correct solution: the reference, and other people's styles."""
    return [ROOT / "reference", *sorted(path for path in (ROOT / "tests" / "solutions").iterdir() if path.is_dir())]


def audit(
    fork_server: ForkServer,
    tasks: list[str],
    seed: int,
    declarations: Declarations,
    jobs: int,
    everything: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, known: None,
) -> Audit:
    """Audit these functions. Mutants that are declared equivalent are graded only where ``everything`` is asked for."""
    start = time.monotonic()
    singles = list(mutants(tasks))
    undeclared = [mutant for mutant in singles if declarations.reason(mutant) is None and not mutant.same_code]
    wanted = [mutant for mutant in singles if not mutant.same_code] if everything else undeclared
    doubles = [double for own in _by_function(undeclared).values() for double in pairs(own, PAIRS, seed)]
    rounds = [
        *_of_solutions(tasks, seed),
        *_of_mistakes([mistake for mistake in CATALOGUE if mistake.task in tasks], seed),
        *_of_mutants(PAIR, doubles, 0, seed),
        *_of_mutants(MUTANT, wanted, 0, seed),
    ]
    gradings: list[Grading] = []
    known = sum(len(one.entries) for one in rounds)
    turn = 0  # the mutants of a helper that one function's checks let through are shown to the next that uses it
    while rounds:
        passed: dict[str, list[Mutant]] = {MUTANT: [], PAIR: []}

        def take(one: Round, results: dict[str, Graded], passed=passed, turn=turn) -> None:
            for task, graded in results.items():
                entry = one.entries[task]
                another = isinstance(entry, Mutant) and turn + 1 < len(entry.tasks)
                if another and graded.verdict.outcome == PASSED:
                    passed[one.kind].append(entry)
                else:
                    gradings.append(_grading(one.kind, task, entry, graded, declarations))
            on_progress(len(gradings), known)

        grade_all(fork_server, rounds, jobs, take)
        turn += 1
        rounds = [one for kind in (PAIR, MUTANT) for one in _of_mutants(kind, passed[kind], turn, seed)]
    found = Audit(seed, tally(tasks, gradings), [path.name for path in solutions()])
    for mutant in set(singles) - set(wanted):
        found.functions[mutant.tasks[0]].leave_out(mutant.same_code)
    found.stale = declarations.stale(singles)
    found.warnings = coincidences(tasks, seed, jobs)
    found.seconds = time.monotonic() - start
    return found


def _grading(
    kind: str, task: str, entry: Mistake | Mutant | Path, graded: Graded, declarations: Declarations
) -> Grading:
    if isinstance(entry, Mutant):
        return Grading(kind, entry.tasks[0], entry.name, graded, declarations.reason(entry) is not None)
    return Grading(kind, task, entry.name, graded)


def _by_function(singles: Sequence[Mutant]) -> dict[str, list[Mutant]]:
    own: dict[str, list[Mutant]] = {}
    for mutant in singles:
        own.setdefault(mutant.tasks[0], []).append(mutant)
    return own


def _of_solutions(tasks: list[str], seed: int) -> Iterator[Round]:
    for path in solutions():
        own = [task for task in tasks if written_in(path, function(task))]
        yield Round(SOLUTION, dict.fromkeys(own, path), partial(_as_it_is, path), seed)


def _as_it_is(path: Path, _: Path) -> Path:
    return path


def _of_mistakes(mistakes: Sequence[Mistake], seed: int) -> Iterator[Round]:
    for entries in in_rounds(mistakes, lambda mistake: mistake.task):
        yield Round(MISTAKE, entries, partial(submissions.of_mistakes, list(entries.values())), seed)


def _of_mutants(kind: str, mutants: Sequence[Mutant], turn: int, seed: int) -> Iterator[Round]:
    """``turn`` says which of the graded functions that use a mutant's definition is to notice it."""
    for entries in in_rounds(mutants, lambda mutant: mutant.tasks[turn]):
        yield Round(kind, entries, partial(submissions.of_mutants, entries), seed, diagnosed=kind == PAIR)
