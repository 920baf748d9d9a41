"""Course files: which graded functions a handout asks for, under which numbers and for how many points.

A task's points are shared equally by its functions; where a task also has something that a person looks at
(``manual``), that is worth half. The course "all" is derived: every graded function, one point each.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from ..tasks import MODULES, all_tasks

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

FOLDER = Path(__file__).parent
NAMES = ("all", *sorted(path.stem for path in FOLDER.glob("*.toml")))


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

    @property
    def functions(self) -> list[str]:
        return [item.function for item in self.items if item.function]

    def only(self, functions: list[str]) -> "Course":
        return Course(self.name, self.title, tuple(i for i in self.items if i.function in functions), self.parts)


@cache
def load(name: str) -> Course:
    if name == "all":
        parts = {module: Fraction(sum(task.startswith(f"{module}.") for task in all_tasks())) for module in MODULES}
        return Course("all", "Every graded function", tuple(_everything()), parts)
    document = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    parts = {part["title"]: Fraction(part["points"]) for part in document["part"]}
    return Course(name, document["title"], tuple(item for part in document["part"] for item in _items(part)), parts)


def _everything():
    for i, module in enumerate(MODULES, 1):
        functions = [task for task in all_tasks() if task.startswith(f"{module}.")]
        for j, task in enumerate(functions, 1):
            yield Item(module, f"{i}.{j}", task.split(".")[1], Fraction(1), task)


def _items(part: dict):
    extra = part.get("extra", False)
    for task in part["task"]:
        points, functions = Fraction(task["points"]), task.get("functions", [])
        by_hand = points / 2 if functions and "manual" in task else points if "manual" in task else Fraction(0)
        for i, function in enumerate(functions, 1):
            number = task["number"] if len(functions) == 1 else f"{task['number']}.{i}"
            yield Item(part["title"], number, task["title"], (points - by_hand) / len(functions), function, extra)
        if by_hand:
            yield Item(part["title"], task["number"], f"{task['title']}: {task['manual']}", by_hand, extra=extra)
