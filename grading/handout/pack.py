"""What goes into the handout: stubs, public points, and the tools that know no answer."""

import json
from pathlib import Path

from ..contract.courses import Course
from ..contract.functions import all_tasks, function
from ..contract.uses import used_by
from ..paths import ROOT
from ..report.page import formulas
from ..zipped import zipped
from . import homework, public, readme

_HW = Path(__file__).resolve().parent / "hw"
# Files of ours that know no answer, by their names within hw/.
_LENT = {
    **{
        f"crossing/{name}.py": f"sandbox/crossing/{name}.py"
        for name in ("calls", "probes", "random_state", "values", "wire")
    },
    "limits.py": "sandbox/limits.py",
    "describe.py": "sandbox/describe.py",
    "blackout.py": "blackout.py",
    "changes.py": "submissions/changes.py",
    "saved.py": "submissions/saved.py",
    "order.py": "contract/order.py",
    "magic.py": "notebook/magic.py",
}
_CONFTEST = '"""Here lie the packages that the tests import."""\n'
_PYTEST = "[pytest]\ntestpaths = tests\n"


def packed(course: Course) -> bytes:
    """The zip: README, ``homework/``, ``hw/`` and ``tests/``."""
    stubs = homework.files(course)
    there = [task for task in all_tasks() if _defines(stubs.get(f"{task.split('.')[0]}.py", ""), task.split(".")[1])]
    also = [task for task in there if task not in course.functions]
    settings = {
        "title": course.title,
        "functions": course.functions,
        "made_of": {task: used_by(task) for task in course.functions},
        "parameters": {task: function(task).parameters for task in course.functions},
        "limit_mb": course.limit_mb,
    }
    files = {
        "README.md": readme.written(course, also),
        "conftest.py": _CONFTEST,
        "pytest.ini": _PYTEST,
        "hw/course.json": json.dumps(settings, indent=1, ensure_ascii=False) + "\n",
        "hw/formulas.json": json.dumps(_formulas(course), ensure_ascii=False) + "\n",
        "hw/crossing/__init__.py": "",
    }
    files |= {f"homework/{name}": text for name, text in stubs.items()}
    files |= {f"hw/{name}": homework.postponed(_read(ROOT / "grading" / path)) for name, path in _LENT.items()}
    for path in sorted(_HW.rglob("*.py")):
        name = path.relative_to(_HW).as_posix()
        files["tests/test_homework.py" if name == "test_homework.py" else f"hw/{name}"] = _read(path)
    points = {f"hw/public/{name}": content for name, content in public.build(course.functions).items()}
    return zipped({name: text.encode() for name, text in files.items()} | points)


def _formulas(course: Course) -> dict[str, str]:
    """What stands in the stubs, laid out: a notebook shows it without a script."""
    return {task: str(formulas.asked(task)) for task in course.functions if formulas.asked(task)}


def _defines(stub: str, name: str) -> bool:
    return any(line.startswith((f"def {name}(", f"class {name}(")) for line in stub.splitlines())


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
