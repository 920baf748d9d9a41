"""What is measured besides the catalogue and the reference's mutants: strangers, pairs of them, other clothes, defaults, time."""

import re
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..report import explain
from ..verdicts import FAILED, NOT_GRADED, PASSED
from .explained import HOW, UNEXPLAINED, Explanation, explanation
from .mutants import Mutant
from .restyle.drawn import Entry
from .rounds import Graded
from .strangers import Stranger, statements

# Below these an audit fails.
STRANGERS_EXPLAINED = 0.90
RESTYLED_EXPLAINED = 0.98


@dataclass
class Strangers:
    """Edits of the other solutions: the functions that they were made in, and others that use those."""

    edits: int = 0
    harmless: int = 0  # the function passes: its results are the same
    edited: dict[str, Explanation] = field(default_factory=dict)  # by the edit's name
    using: dict[str, Explanation] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, task: str, one: Stranger, members: list[Stranger], graded: Graded) -> None:
        own = task == one.task
        self.edits += own
        if graded.verdict.outcome == FAILED:
            made = explanation(graded.verdict, graded.statement, one, statements(members))
            (self.edited if own else self.using)[one.name if own else f"{task}, which uses {one.name}"] = made
        elif graded.verdict.outcome == NOT_GRADED:
            self.faults.append(f"{task}: {one.name}: {graded.verdict.reason}")
        else:
            self.harmless += own

    @property
    def all(self) -> dict[str, Explanation]:
        return self.edited | self.using

    def problems(self) -> list[str]:
        told = [f"explained wrongly ({one.wrong}): {name}" for name, one in self.all.items() if one.wrong]
        told += [f"not graded: {fault}" for fault in self.faults]
        right, failing = explained(self.edited.values())
        if right < STRANGERS_EXPLAINED * failing:
            told.append(
                f"{right} of {failing} edits of other solutions are explained, {STRANGERS_EXPLAINED:.0%} expected"
            )
        return told


def explained(explanations: Iterable[Explanation]) -> tuple[int, int]:
    """(explained and not wrong, all)."""
    everything = list(explanations)
    return sum(one.how != UNEXPLAINED and not one.wrong for one in everything), len(everything)


def by_how(explanations: Iterable[Explanation]) -> Counter[str]:
    """In the order of HOW."""
    everything = [one.how for one in explanations]
    return Counter({how: everything.count(how) for how in HOW})


@dataclass
class Couples:
    """Two edits of one function, each of which costs its point alone."""

    failed: set[Stranger] = field(default_factory=set)  # single edits
    all: dict[str, Explanation] = field(default_factory=dict)
    harmless: int = 0  # each undoes the other

    def add(self, one: Stranger, members: list[Stranger], graded: Graded) -> None:
        if graded.verdict.outcome == FAILED:
            self.all[one.name] = explanation(graded.verdict, graded.statement, one, statements(members))
        else:
            self.harmless += 1

    def both(self) -> int:
        """How many have both named."""
        return sum(one.named >= 2 and not one.wrong for one in self.all.values())

    def problems(self) -> list[str]:
        return [f"two mistakes explained wrongly ({one.wrong}): {name}" for name, one in self.all.items() if one.wrong]


@dataclass
class Restyling:
    """Catalogued mistakes in other clothes, each explained as the original was, or not."""

    not_applicable: int = 0
    not_the_same: int = 0
    graded: dict[tuple[str, str, str], Graded] = field(default_factory=dict)  # by function, mistake, way
    originals: dict[tuple[str, str], Graded] = field(default_factory=dict)

    def add(self, entry: Entry, graded: Graded) -> None:
        self.graded[entry.task, entry.mistake.name, entry.way] = graded

    def alike(self) -> dict[tuple[str, str, str], bool]:
        return {key: as_the_original(key[1], self.originals[key[:2]], one) for key, one in self.graded.items()}

    def problems(self) -> list[str]:
        alike = self.alike()
        kept = [
            f"keeps its point: {', '.join(key)}" for key, one in self.graded.items() if one.verdict.outcome == PASSED
        ]
        few = sum(alike.values()) < RESTYLED_EXPLAINED * len(alike)
        told = f"{sum(alike.values())} of {len(alike)} restyled mistakes are explained as the original"
        return kept + [f"{told}, {RESTYLED_EXPLAINED:.0%} expected"] * few


def as_the_original(mistake: str, original: Graded, other: Graded) -> bool:
    """The same entry is named, or one that the original was taken for, or the same sentences stand there, or a repair."""
    if other.verdict.outcome != FAILED or other.statement.misread:
        return False
    named = {mistake, *original.statement.named} & set(other.statement.named)
    sentences = _sentences(original) if not original.statement.misread else []
    same = bool(sentences) and sentences == _sentences(other)
    silent = not (original.statement.named or sentences or original.verdict.unexplained)
    told = silent and not other.verdict.unexplained
    return bool(named) or same or told or other.verdict.repair is not None


def _sentences(graded: Graded) -> list[str]:
    """What was matched or read back; measured numbers differ from call to call."""
    said = [*graded.verdict.mistakes, *(finding.student for finding in graded.verdict.reading)]
    return [re.sub(r"\d+(\.\d+)?(e-?\d+)?", "#", sentence) for sentence in said]


@dataclass
class Defaults:
    """Defaults that are changed one at a time."""

    all: int = 0
    unnoticed: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    def add(self, one: Mutant, graded: Graded) -> None:
        self.all += 1
        name = f"{one.tasks[0]}, {one.mutated}"
        if graded.verdict.outcome != FAILED:
            self.unnoticed.append(name)
        elif not _names(graded, one.operator):
            self.unnamed.append(name)

    def problems(self) -> list[str]:
        return [
            *(f"another default is not noticed: {name}" for name in self.unnoticed),
            *(f"another default is not named: {name}" for name in self.unnamed),
        ]


def _names(graded: Graded, argument: str) -> bool:
    """A check of defaults says so, or the argument stands in what a student reads."""
    kinds = {check.failure.kind for check in graded.verdict.failures if check.failure is not None}
    return "default" in kinds or argument in "\n".join(explain(graded.verdict, "mistake"))


@dataclass
class Cost:
    """Seconds that a function takes which passes, and one which fails."""

    passing: dict[str, list[float]] = field(default_factory=dict)
    failing: list[tuple[str, float]] = field(default_factory=list)

    def add(self, task: str, graded: Graded) -> None:
        if graded.seconds is None:
            return
        if graded.verdict.outcome == PASSED:
            self.passing.setdefault(task, []).append(graded.seconds)
        elif graded.verdict.outcome == FAILED:
            self.failing.append((task, graded.seconds))

    def added(self) -> list[float]:
        """By each failing function, sorted."""
        usual = {task: statistics.median(seconds) for task, seconds in self.passing.items()}
        return sorted(max(seconds - usual[task], 0.0) for task, seconds in self.failing if task in usual)
