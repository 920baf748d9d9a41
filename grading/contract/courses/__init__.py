"""Course files: which graded functions a handout asks for, under which numbers and for how many points.

A task's points are shared equally by its functions; where a task also has something that a person looks at
(``manual``), that is worth half. The course "all" is derived: every graded function, one point each. What may stand in
a file is on the page beside it (README.md) and in ``schema``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from ...paths import COURSES
from ...verdicts import Unusable
from ..functions import FUNCTIONS, MODULES, did_you_mean, tasks_of
from .schema import validated

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


@dataclass(frozen=True)
class Course:
    name: str
    title: str
    items: tuple[Item, ...]
    parts: dict[str, Fraction]  # the handout's points by part; of extra credit, the most that counts
    forgives: bool = False  # a function that fails because of another one has its points
    counts_terms: bool = False  # a formula of which some terms are right has their share of its points
    limit_mb: float | None = None  # how large a file may be that is handed in

    @property
    def functions(self) -> list[str]:
        return [item.function for item in self.items if item.function]

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
        return Course("all", "Every graded function", tuple(_everything()), parts)
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
    return Course(own.stem, document["title"], items, parts, forgives, counts_terms, document.get("limit_mb"))


def _everything() -> Iterator[Item]:
    for i, module in enumerate(MODULES, 1):
        for j, function in enumerate((one for one in FUNCTIONS if one.module == module), 1):
            yield Item(module, f"{i}.{j}", function.name, Fraction(1), function.task)


def _items(part: dict[str, Any]) -> Iterator[Item]:
    extra = part.get("extra", False)
    for task in part["task"]:
        points, functions = Fraction(task["points"]), task.get("functions", [])
        by_hand = points / 2 if functions and "manual" in task else points if "manual" in task else Fraction(0)
        for i, function in enumerate(functions, 1):
            number = task["number"] if len(functions) == 1 else f"{task['number']}.{i}"
            yield Item(part["title"], number, task["title"], (points - by_hand) / len(functions), function, extra)
        if by_hand:
            yield Item(part["title"], task["number"], f"{task['title']}: {task['manual']}", by_hand, extra=extra)
