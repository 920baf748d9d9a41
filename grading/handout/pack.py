"""What goes into the handout: stubs or a kit's places, public points, and the tools that know no answer."""

import json
from pathlib import Path

from ..contract.courses import Course
from ..contract.functions import all_tasks, function
from ..contract.uses import used_by
from ..report.page import formulas
from ..submissions.kits import Kit
from ..submissions.kits.install import adapters
from ..zipped import zipped
from . import homework, lent, public, readme

_HW = Path(__file__).resolve().parent / "hw"
_LENT = (
    *(f"sandbox/crossing/{name}.py" for name in ("calls", "probes", "wire")),
    "sandbox/describe.py",
    "blackout.py",
    "submissions/changes.py",
    "submissions/saved.py",
    "contract/order.py",
    "notebook/magic.py",
)
_LENT_TO_A_KIT = (
    "sandbox/inside/loader.py",
    "sandbox/inside/world/cuda.py",
    "submissions/cell_text.py",
    "submissions/kits/install.py",
)
_CONFTEST = '"""Here lie the packages that the tests import."""\n'
_PYTEST = "[pytest]\ntestpaths = tests\n"


def packed(course: Course, kit: Kit | None = None) -> bytes:
    """The zip: README, ``homework/``, ``hw/`` and ``tests/``; for a kit what lies beside its own files, ``hw/`` alone."""
    course = course if kit is None else course.of_kit(kit.todos)
    settings = {
        "title": course.title,
        "functions": course.functions,
        "made_of": {task: used_by(task) for task in course.functions},
        "parameters": {task: function(task).parameters for task in course.functions},
        "limit_mb": course.limit_mb,
        "kit": "" if kit is None else kit.name,
    }
    files = {
        "hw/course.json": json.dumps(settings, indent=1, ensure_ascii=False) + "\n",
        "hw/formulas.json": json.dumps(_formulas(course), ensure_ascii=False) + "\n",
    }
    files |= _to_work_in(course) if kit is None else {"hw/README.md": readme.for_a_kit(course, kit)}
    files |= {f"hw/lent/{name}": text for name, text in lent.files([*_LENT, *(_of_kit(kit) if kit else ())]).items()}
    tests = "tests" if kit is None else "hw"
    for path in sorted(_HW.rglob("*.py")):
        folder = tests if path.name == "test_homework.py" else "hw"
        files[f"{folder}/{path.relative_to(_HW).as_posix()}"] = _read(path)
    points = {f"hw/public/{name}": content for name, content in public.build(course.functions).items()}
    return zipped({name: text.encode() for name, text in files.items()} | points)


def _to_work_in(course: Course) -> dict[str, str]:
    """A folder with the course's stubs."""
    stubs = homework.files(course)
    there = [task for task in all_tasks() if _defines(stubs.get(f"{task.split('.')[0]}.py", ""), task.split(".")[1])]
    also = [task for task in there if task not in course.functions]
    files = {"README.md": readme.written(course, also), "conftest.py": _CONFTEST, "pytest.ini": _PYTEST}
    return files | {f"homework/{name}": text for name, text in stubs.items()}


def _of_kit(kit: Kit) -> list[str]:
    """What finds a kit's files, and calls what they define: it knows where a formula stands, and not what it is."""
    folder = Path("submissions/kits")
    own = folder / f"{kit.name}.py"
    own = own if (lent.GRADING / own).is_file() else folder / kit.name / "__init__.py"
    return [*_LENT_TO_A_KIT, own.as_posix(), *(f"{folder}/adapters/{name}" for name in adapters(kit.name))]


def _formulas(course: Course) -> dict[str, str]:
    """What stands in the stubs, laid out: a notebook shows it without a script."""
    return {task: str(formulas.asked(task)) for task in course.functions if formulas.asked(task)}


def _defines(stub: str, name: str) -> bool:
    return any(line.startswith((f"def {name}(", f"class {name}(")) for line in stub.splitlines())


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
