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
_CATALOGUE = ROOT / "grading" / "diagnosis" / "mistakes"


@dataclass(frozen=True)
class Trap:
    task: str
    name: str
    student: str
    staff: str
    picture: str = ""  # a file's name, where there is one


@cache
def traps() -> tuple[Trap, ...]:
    """The whole catalogue, in its order."""
    index = json.loads((PICTURES / INDEX).read_text(encoding="utf-8"))
    found = []
    for module in MODULES:
        for task, staff, definition in _entries((_CATALOGUE / f"{module}.py").read_text(encoding="utf-8")):
            student = " ".join((ast.get_docstring(definition) or "").split())
            drawn = task in index and index[task]["mistakes"].get(definition.name, False)
            found.append(Trap(task, definition.name, student, staff, f"{definition.name}.webp" if drawn else ""))
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
    tasks: dict[str, str] = {}
    found = []
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id="partial"), args=[ast.Name(id="mistake"), ast.Constant(value=str(task))]
                ),
            ):
                tasks[name] = task
            case ast.FunctionDef() | ast.ClassDef():
                for decorator in node.decorator_list:
                    match decorator:
                        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(staff))]) if name in tasks:
                            found.append((tasks[name], staff, node))
    return found
