"""The catalogue's mistakes as a page shows them: what a student is told, and the picture where there is one.

The catalogue is read as text: what it says does not take running it. (``grading/diagnosis/mistakes/__init__.py`` is the
form of an entry.)
"""

import ast
import json
from dataclasses import dataclass
from functools import cache

from ..contract.functions import MODULES
from ..paths import ROOT

PICTURES = ROOT / "docs" / "pictures"
INDEX = "pictures.json"
RIGHT = "right.webp"
HARDLY = "hardly another picture"
NO_PICTURE = "no picture"
_CATALOGUE = ROOT / "grading" / "diagnosis" / "mistakes"


@dataclass(frozen=True)
class Trap:
    task: str
    name: str
    student: str
    staff: str
    shown: str = ""  # a file's name, or why there is none


@cache
def traps() -> tuple[Trap, ...]:
    """The whole catalogue, in its order."""
    index = json.loads((PICTURES / INDEX).read_text(encoding="utf-8"))
    found = []
    for module in MODULES:
        for task, staff, definition in _entries((_CATALOGUE / f"{module}.py").read_text(encoding="utf-8")):
            student = " ".join((ast.get_docstring(definition) or "").split())
            shown = index[task]["mistakes"].get(definition.name, "") if task in index else ""
            found.append(Trap(task, definition.name, student, staff, shown))
    return tuple(found)


def traps_of(task: str) -> list[Trap]:
    return [one for one in traps() if one.task == task]


@cache
def caption(task: str) -> str:
    """Of what its pictures show; nothing where it has none."""
    index = json.loads((PICTURES / INDEX).read_text(encoding="utf-8"))
    return index[task]["caption"] if task in index else ""


def _entries(source: str) -> list[tuple[str, str, ast.FunctionDef | ast.ClassDef]]:
    """Task, words for staff, definition: ``predict_x0 = partial(mistake, "ddpm.predict_x0")``, then ``@predict_x0("…")``."""
    tree = ast.parse(source)
    tasks = {
        node.targets[0].id: node.value.args[1].value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("partial(mistake, ")
    }
    return [
        (tasks[decorator.func.id], decorator.args[0].value, node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in tasks
    ]
