"""The whole audit: everything that is graded, and what it amounts to."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..contract.functions import all_tasks, function
from ..diagnosis.mistakes import Mistake, catalogue
from ..paths import ROOT
from ..sandbox.fork_server import ForkServer
from ..verdicts import FAILED, PASSED
from . import strangers, submissions
from .coincidences import coincidences
from .completeness import written_in
from .defaults import changed_defaults
from .equivalent import Declarations
from .measures import Cost, Couples, Defaults, Restyling, Strangers
from .mutants import Mutant, mutants, pairs
from .restyle.drawn import Drawn, drawn
from .rounds import Graded, Round, grade_all, in_rounds
from .size import FULL, Size
from .strangers import Stranger
from .tally import MISTAKE, MUTANT, PAIR, SOLUTION, Function, Grading, tally

STRANGER, SINGLE, COUPLE, RESTYLED, DEFAULT = "stranger", "single", "couple", "restyled", "default"
UNNAMED = 0.05  # of the catalogue's mistakes, at most: on a machine that is shared a diagnosis runs out of time

CATALOGUE = catalogue()


@dataclass
class Audit:
    """What was found, and all that makes it fail."""

    seed: int
    functions: dict[str, Function]
    solutions: list[str]
    size: Size = FULL
    strangers: Strangers = field(default_factory=Strangers)
    couples: Couples = field(default_factory=Couples)
    restyling: Restyling = field(default_factory=Restyling)
    defaults: Defaults = field(default_factory=Defaults)
    cost: Cost = field(default_factory=Cost)
    stale: list[str] = field(default_factory=list)  # declarations that fit no mutant
    warnings: list[str] = field(default_factory=list)  # of golden inputs that tell too little
    seconds: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)  # seconds of graders, by what they graded

    @property
    def problems(self) -> list[str]:
        told = [f"a declaration fits no mutant any more: {one}" for one in self.stale]
        said = [function.diagnoses for function in self.functions.values()]
        missing, known = sum(one.missing for one in said), sum(one.missing + one.right + len(one.wrong) for one in said)
        if missing > UNNAMED * known:
            told.append(f"{missing} of {known} catalogued mistakes are without a diagnosis")
        for measure in (self.strangers, self.couples, self.restyling, self.defaults):
            told += measure.problems()
        return told + [problem for function in self.functions.values() for problem in function.problems()]


def solutions() -> list[Path]:
    """Every complete correct solution: the reference, and other people's styles."""
    return [ROOT / "reference", *(other.folder for other in strangers.others())]


def audit(
    fork_server: ForkServer,
    tasks: list[str],
    seed: int,
    declarations: Declarations,
    jobs: int,
    everything: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, known: None,
    size: Size = FULL,
) -> Audit:
    """Audit these functions. Mutants that are declared equivalent are graded only where ``everything`` is asked for."""
    start = time.monotonic()
    size = size.of(len(tasks) / len(all_tasks()))
    singles = list(mutants(tasks))
    undeclared = [mutant for mutant in singles if declarations.reason(mutant) is None and not mutant.same_code]
    wanted = [mutant for mutant in singles if not mutant.same_code] if everything else undeclared
    chosen = _some(wanted, size.mutants, seed)
    doubles = [double for own in _by_function(undeclared).values() for double in pairs(own, size.pairs, seed)]
    known_mistakes = [mistake for mistake in CATALOGUE if mistake.task in tasks]
    clothed = drawn(known_mistakes, size.restyled, seed, jobs)
    originals = {entry.mistake.name: entry.mistake for entry in clothed.entries}
    defaults = changed_defaults(tasks)
    couples = strangers.drawn_pairs(tasks, 2 * size.couples, seed)
    rounds = [
        *_of_solutions(tasks, seed, size.gradings),
        *_of_mistakes(known_mistakes if size.mistakes else list(originals.values()), seed),
        *of_strangers(STRANGER, strangers.drawn(tasks, size.strangers, seed), seed),
        *of_strangers(SINGLE, [one for couple in couples for one in strangers.singles(couple)], seed),
        *_of_restyled(clothed, seed),
        *_of_mutants(DEFAULT, random.Random(seed).sample(defaults, min(size.defaults, len(defaults))), 0, seed),
        *_of_mutants(PAIR, doubles, 0, seed),
        *_of_mutants(MUTANT, chosen, 0, seed),
    ]
    found = Audit(seed, {}, [path.name for path in solutions()], size)
    found.restyling = Restyling(clothed.not_applicable, clothed.not_the_same)
    gradings: list[Grading] = []
    done = 0
    turn = 0  # the mutants of a helper that one function's checks let through are shown to the next that uses it
    while rounds:
        passed: dict[str, list[Mutant]] = {MUTANT: [], PAIR: []}

        known = done + sum(len(one.entries) for one in rounds)

        def take(one: Round, results: dict[str, Graded], passed=passed, turn=turn, known=known) -> None:
            nonlocal done
            for task, graded in results.items():
                entry = one.entries[task]
                another = one.kind in passed and turn + 1 < len(entry.tasks)
                if another and graded.verdict.outcome == PASSED:
                    passed[one.kind].append(entry)
                elif one.kind in (MISTAKE, SOLUTION, MUTANT, PAIR):
                    gradings.append(_grading(one.kind, task, entry, graded, declarations))
                _measure(found, one, task, graded)
            done += len(results)
            on_progress(done, known)

        grade_all(fork_server, rounds, jobs, take)
        turn += 1
        rounds = [one for kind in (PAIR, MUTANT) for one in _of_mutants(kind, passed[kind], turn, seed)]
        if turn == 1:
            rounds += of_strangers(COUPLE, _costly(couples, found.couples)[: size.couples], seed)
    found.functions = tally(tasks, gradings)
    for mutant in set(singles) - set(wanted):
        found.functions[mutant.tasks[0]].leave_out(mutant.same_code)
    found.stale = declarations.stale(singles)
    found.warnings = coincidences(tasks, seed, jobs) if size.coincidences else []
    found.seconds = time.monotonic() - start
    return found


def _measure(found: Audit, one: Round, task: str, graded: Graded) -> None:
    """What a grading adds to the measures beside the tally."""
    entry = one.entries[task]
    found.spent[one.kind] = found.spent.get(one.kind, 0.0) + (graded.seconds or 0.0) + graded.statement.asking
    if one.kind in (SOLUTION, STRANGER):
        found.cost.add(task, graded)
    if one.kind == MISTAKE:
        found.restyling.originals[task, entry.name] = graded
    elif one.kind == STRANGER:
        found.strangers.add(task, entry, _members(one), graded)
    elif one.kind == COUPLE:
        found.couples.add(entry, _members(one), graded)
    elif one.kind == SINGLE and graded.verdict.outcome == FAILED:
        found.couples.failed.add(entry)
    elif one.kind == RESTYLED:
        found.restyling.add(entry, graded)
    elif one.kind == DEFAULT:
        found.defaults.add(entry, graded)


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


def _some(singles: Sequence[Mutant], most: int | None, seed: int) -> list[Mutant]:
    """So many of every function, drawn at random."""
    if most is None:
        return list(singles)
    generator = random.Random(seed)
    return [one for own in _by_function(singles).values() for one in generator.sample(own, min(most, len(own)))]


def _members(one: Round) -> list[Stranger]:
    return list(dict.fromkeys(one.entries.values()))


def _costly(couples: Sequence[Stranger], found: Couples) -> list[Stranger]:
    """Those of which each edit costs the point alone."""
    return [couple for couple in couples if found.failed.issuperset(strangers.singles(couple))]


def _of_solutions(tasks: list[str], seed: int, gradings: int) -> Iterator[Round]:
    """Each solution in turn, each time from another seed."""
    folders = solutions()
    for number in range(gradings):
        path = folders[number % len(folders)]
        own = [task for task in tasks if written_in(path, function(task))]
        yield Round(SOLUTION, dict.fromkeys(own, path), partial(_as_it_is, path), (seed + number) % 2**32)


def _as_it_is(path: Path, _: Path) -> Path:
    return path


def _of_mistakes(mistakes: Sequence[Mistake], seed: int) -> Iterator[Round]:
    for entries in in_rounds(mistakes, lambda mistake: mistake.task):
        yield Round(MISTAKE, entries, partial(submissions.of_mistakes, list(entries.values())), seed)


def _of_restyled(clothed: Drawn, seed: int) -> Iterator[Round]:
    for entries in in_rounds(clothed.entries, lambda entry: entry.task):
        yield Round(RESTYLED, entries, partial(submissions.of_restyled, entries), seed)


def of_strangers(kind: str, drawn: Sequence[Stranger], seed: int) -> Iterator[Round]:
    for members in strangers.in_rounds(dict.fromkeys(drawn)):
        entries = {task: one for one in members for task in one.graded}
        yield Round(kind, entries, partial(strangers.hand_in, members), seed, diagnosed=kind != SINGLE)


def _of_mutants(kind: str, mutants: Sequence[Mutant], turn: int, seed: int) -> Iterator[Round]:
    """``turn`` says which of the graded functions that use a mutant's definition is to notice it."""
    for entries in in_rounds(mutants, lambda mutant: mutant.tasks[turn]):
        yield Round(kind, entries, partial(submissions.of_mutants, entries), seed, diagnosed=kind != MUTANT)
