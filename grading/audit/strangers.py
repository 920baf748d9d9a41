"""Mutants of the eight other solutions: code that no catalogue has seen, with a mistake whose place is known.

One solution is handed in with several of them at once, where no graded function reaches two; besides the function that
an edit was drawn for, one that uses it is graded, for a mistake that is carried forward.
"""

import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..paths import ROOT
from .edits import Candidate, Edit, applied, candidates, written
from .reach import Solution

OTHERS = ROOT / "tests" / "solutions"


@cache
def others() -> tuple[Solution, ...]:
    """Complete solutions by other hands."""
    return tuple(Solution(path) for path in sorted(OTHERS.iterdir()) if path.is_dir())


@dataclass(frozen=True)
class Stranger:
    """A solution with one edit, or with two of one function."""

    solution: Solution = field(compare=False)
    task: str  # the function that it was drawn for
    edits: tuple[Edit, ...]
    dependent: str = ""  # another graded function that reaches the edit

    @property
    def name(self) -> str:
        return f"{self.task} of {self.solution.name}: {' ‖ '.join(map(str, self.edits))}"

    @property
    def graded(self) -> tuple[str, ...]:
        return (self.task, self.dependent) if self.dependent else (self.task,)

    @property
    def affected(self) -> set[str]:
        return {user for edit in self.edits for user in self.solution.users(edit.unit)}


def drawn(tasks: Sequence[str], count: int, seed: int) -> list[Stranger]:
    """So many strangers: every function of every solution in turn, then an operator, then one of its edits."""
    generator = random.Random(f"strangers {seed}")
    found: dict[tuple[Edit, ...], Stranger] = {}
    for solution, task in _turns(tasks, count, generator):
        if len(found) == count:
            break
        edit = _one(solution, task, generator)
        if edit is not None and (edit,) not in found:
            users = sorted(solution.users(edit.unit) & set(tasks) - {task})
            found[edit,] = Stranger(solution, task, (edit,), generator.choice(users) if users else "")
    return list(found.values())


def drawn_pairs(tasks: Sequence[str], count: int, seed: int) -> list[Stranger]:
    """Two edits of one definition, in different statements or terms."""
    generator = random.Random(f"pairs {seed}")
    found: dict[tuple[Edit, ...], Stranger] = {}
    for solution, task in _turns(tasks, count, generator):
        if len(found) == count:
            break
        first = _one(solution, task, generator)
        if first is None:
            continue
        second = _edit(solution, [first.unit], generator)
        if second is not None and (second.end <= first.start or first.end <= second.start):
            both = tuple(sorted((first, second), key=lambda edit: edit.start))
            found.setdefault(both, Stranger(solution, task, both))
    return list(found.values())


def singles(pair: Stranger) -> list[Stranger]:
    return [Stranger(pair.solution, pair.task, (edit,)) for edit in pair.edits]


def in_rounds(strangers: Iterable[Stranger]) -> Iterator[list[Stranger]]:
    """Strangers of one solution that do not touch each other's functions, handed in together."""
    rounds: list[list[Stranger]] = []
    for one in strangers:
        for members in rounds:
            apart = all(_apart(one, other) for other in members)
            if members[0].solution == one.solution and apart:
                members.append(one)
                break
        else:
            rounds.append([one])
    yield from rounds


def _apart(one: Stranger, other: Stranger) -> bool:
    return not (one.affected & set(other.graded) or other.affected & set(one.graded))


def hand_in(members: Sequence[Stranger], folder: Path) -> Path:
    """The solution with all these edits."""
    solution = members[0].solution
    shutil.copytree(solution.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file, (text, _) in edited(members).items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder


def edited(members: Sequence[Stranger]) -> dict[str, tuple[str, dict[Edit, tuple[int, int]]]]:
    """Every file that these edits change, and the lines of each edited statement in it."""
    edits = [edit for one in members for edit in one.edits]
    sources = members[0].solution.sources
    return {
        file: applied(sources[file], [edit for edit in edits if edit.unit.file == file])
        for file in sorted({edit.unit.file for edit in edits})
    }


def statements(members: Sequence[Stranger]) -> dict[Edit, tuple[int, int]]:
    """On which lines each edited statement stands in what is handed in."""
    return {edit: lines for _, own in edited(members).values() for edit, lines in own.items()}


def _turns(tasks: Sequence[str], count: int, generator: random.Random) -> Iterator[tuple[Solution, str]]:
    turns = [(solution, task) for solution in others() for task in tasks if task in solution.graded]
    for _ in range(8 + 8 * count // max(len(turns), 1)):
        generator.shuffle(turns)
        yield from turns


def _one(solution: Solution, task: str, generator: random.Random) -> Edit | None:
    return _edit(solution, solution.own[task], generator)


def _edit(solution: Solution, units: Sequence, generator: random.Random) -> Edit | None:
    known: dict[str, list[Candidate]] = {}
    for unit in units:
        for operator, own in _candidates(solution, unit).items():
            known.setdefault(operator, []).extend(own)
    if not known:
        return None
    return written(solution, generator.choice(known[generator.choice(sorted(known))]))


@cache
def _candidates(solution: Solution, unit) -> dict[str, list[Candidate]]:
    return candidates(solution, unit)
