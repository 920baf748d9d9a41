"""Course files: which graded functions a handout asks for, under which numbers and for how many points.

A task's points are shared equally by its functions; where a task also has something that a person looks at
(``manual``), that is worth half. The course "all" is derived: every graded function, one point each. What may stand in
a file is on the page beside it (README.md) and in ``schema``.
"""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from ...paths import COURSES
from ...verdicts import Unusable
from ..functions import FUNCTIONS, MODULES, chosen, did_you_mean, tasks_of
from .schema import VISIBLE, validated

NAMES = ("all", *sorted(path.stem for path in COURSES.glob("*.toml")))


@dataclass(frozen=True)
class Item:
    """One row of a course: a graded function, or something that a person grades (``function`` is empty)."""

    part: str
    number: str  # the handout's, "B1"
    title: str
    points: Fraction
    function: str = ""
    extra: bool = False  # extra credit
    task: str = ""  # the handout's number of the task that this is one item of
    visibility: str = ""  # where it is another one than the course's


@dataclass(frozen=True)
class Course:
    name: str
    title: str
    items: tuple[Item, ...]
    parts: dict[str, Fraction]  # the handout's points by part; of extra credit, the most that counts
    forgives: bool = False  # a function that fails because of another one has its points
    forbidden: tuple[str, ...] = ()  # modules that are not to be used
    counts_terms: bool = False  # a formula of which some terms are right has their share of its points
    limit_mb: float | None = None  # how large a file may be that is handed in
    hints: tuple[str, ...] = ("mistake",)  # how much is told at the first attempt, the second, …; the last from then on
    visibility: str = VISIBLE  # when a student sees the results
    lend: bool = False  # in a smoke run right functions stand in the place of those that are not written yet
    traps: bool = True  # stubs say where the traps are

    @property
    def functions(self) -> list[str]:
        return [item.function for item in self.items if item.function]

    def hints_at(self, attempt: int | None) -> str:
        """How much is told at an attempt; one that nobody has counted is the first."""
        return self.hints[min(max(attempt or 1, 1), len(self.hints)) - 1]

    def visibility_of(self, item: Item) -> str:
        return item.visibility or self.visibility

    def of_kit(self, functions: Collection[str]) -> "Course":
        """With what a course's own kit asks for: a task's points are for those of its functions.

        Where the kit gives all of them, a person looks. The course "all" has no handout: it is cut down.
        """
        if self.name == "all":
            items = tuple(item for item in self.items if item.function in functions)
            points = {part: sum((one.points for one in items if one.part == part), Fraction(0)) for part in self.parts}
            return replace(self, items=items, parts={part: worth for part, worth in points.items() if worth})
        return replace(self, items=tuple(one for task in self._tasks() for one in _shared(task, functions)))

    def _tasks(self) -> Iterator[list[Item]]:
        """The items of each of the handout's tasks."""
        for _, items in itertools.groupby(self.items, key=lambda item: (item.part, item.task)):
            yield list(items)

    def only(self, functions: list[str]) -> "Course":
        return replace(self, items=tuple(item for item in self.items if item.function in functions))


@cache
def load(name: str) -> Course:
    """A course by its name, or an instructor's own by the path of its file.

    Raises:
        Unusable: there is no such course, or its file has a mistake: file, table and key are named.
    """
    if name == "all":
        parts = {module: Fraction(len(tasks_of(module))) for module in MODULES}
        return Course("all", "Every graded function", tuple(_everything()), parts, lend=True)
    own = Path(name)
    if name not in NAMES and own.suffix != ".toml":
        raise Unusable(
            f"--course {name}: there is no such course{did_you_mean(name, list(NAMES))}; there are {', '.join(NAMES)},"
            " or give the path of a course file that ends in .toml"
        )
    document = validated(COURSES / f"{name}.toml" if name in NAMES else own)
    parts = {part["title"]: Fraction(part["points"]) for part in document["part"]}
    items = tuple(item for part in document["part"] for item in _items(part))
    forgives, counts_terms = document.get("carried") == "forgiven", document.get("partial") == "terms"
    return Course(
        own.stem,
        document["title"],
        items,
        parts,
        forgives,
        tuple(document.get("forbidden", ())),
        counts_terms,
        document.get("limit_mb"),
        tuple(document.get("hints", ("mistake",))),
        document.get("visibility", VISIBLE),
        document.get("lend", False),
        document.get("traps", True),
    )


def only(course: Course, text: str) -> Course:
    """The part of a course that ``--only`` asks for; all of it for nothing."""
    if not text:
        return course
    try:
        return course.only(chosen(text, course.functions, f"course {course.name}"))
    except ValueError as error:
        raise Unusable(f"--only {error}") from error


def _everything() -> Iterator[Item]:
    for i, module in enumerate(MODULES, 1):
        for j, function in enumerate((one for one in FUNCTIONS if one.module == module), 1):
            yield Item(module, f"{i}.{j}", function.name, Fraction(1), function.task, task=f"{i}.{j}")


def _items(part: dict[str, Any]) -> Iterator[Item]:
    extra = part.get("extra", False)
    for task in part["task"]:
        points, functions = Fraction(task["points"]), task.get("functions", [])
        visibility = task.get("visibility", "")
        by_hand = points / 2 if functions and "manual" in task else points if "manual" in task else Fraction(0)
        for i, function in enumerate(functions, 1):
            number = task["number"] if len(functions) == 1 else f"{task['number']}.{i}"
            share = (points - by_hand) / len(functions)
            yield Item(part["title"], number, task["title"], share, function, extra, task["number"], visibility)
        if by_hand:
            title = f"{task['title']}: {task['manual']}"
            yield Item(part["title"], task["number"], title, by_hand, "", extra, task["number"], visibility)


def _shared(task: list[Item], functions: Collection[str]) -> Iterator[Item]:
    """The items of one task, where only these functions are asked for."""
    graded, by_hand = [one for one in task if one.function], [one for one in task if not one.function]
    asked = [one for one in graded if one.function in functions]
    points = sum((one.points for one in graded), Fraction(0))
    yield from (replace(one, points=points / len(asked)) for one in asked)
    if graded and not asked:  # the kit gives all of it
        first = (
            by_hand.pop(0) if by_hand else replace(graded[0], number=graded[0].task, function="", points=Fraction(0))
        )
        yield replace(first, points=first.points + points)
    yield from by_hand
