"""The rooms of the house: what each may import, and that nothing is loaded before it is needed.

The floors stand in README.md, "How it is built": an arrow goes down or stays on its floor, and rooms make no circle.
An import counts wherever it stands, within a function as well as at the top of a file. The reference's own rooms are held
to theirs in ``tests/reference/test_rooms.py``.
"""

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from grading.commands import COMMANDS
from grading.paths import ROOT

FLOORS = (  # from the top
    {"grading", "grading.__main__"},
    {"grading.commands", "grading.notebook"},
    {"grading.gradebooks", "grading.handout", "grading.site"},
    {"grading.batch"},
    {
        "grading.report",
        "grading.autograder",
        "grading.audit",
        "grading.bench",
        "grading.cluster",
        "grading.pictures",
        "grading.studio",
    },
    {"grading.grader"},
    {"grading.takehome"},
    {"grading.diagnosis", "grading.formulas"},
    {"grading.checking"},
    {"grading.sandbox", "grading.submissions"},
    {"grading.contract"},
    {"reference"},
    {"grading.verdicts", "grading.paths", "grading.blackout", "grading.seeds", "grading.toml", "grading.zipped"},
)
BESIDE_STUDENT_CODE = ("grading.sandbox.inside", "grading.sandbox.crossing")
NOT_FORMULAS = ("reference.networks", "reference.data", "reference.training")
PACKAGES = ("grading", "reference")


@cache
def modules() -> dict[str, Path]:
    """Every file of the two packages by the name of its module."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(module: str, source: str, is_package: bool) -> set[str]:
    """The modules of ours that a file imports, relative names resolved, names in a package by their module."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            found |= {name if (name := f"{origin}.{alias.name}") in modules() else origin for alias in node.names}
    return {name for name in found if name.split(".")[0] in PACKAGES}


@cache
def imports() -> dict[str, set[str]]:
    return {
        module: imported(module, path.read_text(encoding="utf-8"), path.name == "__init__.py")
        for module, path in modules().items()
    }


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def room_of(module: str) -> str:
    """The rooms of grading/ are its folders; reference/ is one room."""
    return ".".join(module.split(".")[: 2 if module.startswith("grading") else 1])


@cache
def arrows() -> dict[tuple[str, str], list[str]]:
    """From room to room, with the imports that make each arrow."""
    found: dict[tuple[str, str], list[str]] = {}
    for module, names in imports().items():
        for name in names:
            if room_of(module) != room_of(name):
                found.setdefault((room_of(module), room_of(name)), []).append(f"{module} imports {name}")
    return found


def floor(room: str) -> int:
    """Counted from the top."""
    return next(i for i, rooms in enumerate(FLOORS) if room in rooms)


# --- how imports are read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, expected",
    [
        ("from ..contract.functions import FUNCTIONS", "grading.contract.functions"),
        ("from ..contract import functions", "grading.contract.functions"),
        ("from . import limits", "grading.sandbox.limits"),
        ("from .crossing.wire import send", "grading.sandbox.crossing.wire"),
        ("from .. import verdicts", "grading.verdicts"),
        ("def f():\n    import reference.ddpm", "reference.ddpm"),
        ("import torch", None),
    ],
)
def test_imports_are_resolved(line, expected):
    assert imported("grading.sandbox.student", line, is_package=False) == ({expected} if expected else set())


def test_imports_of_a_package_are_resolved():
    assert imported("grading.sandbox", "from .student import Student", True) == {"grading.sandbox.student"}
    assert imported("grading.sandbox", "from ..paths import ROOT", True) == {"grading.paths"}


# --- the floors -------------------------------------------------------------------------------------------------


def test_every_room_has_its_floor():
    rooms = {room_of(module) for module in modules()}
    floors = [room for rooms in FLOORS for room in rooms]
    assert rooms <= set(floors)
    assert len(floors) == len(set(floors))


def test_no_arrow_goes_up():
    assert [why for (here, there), why in arrows().items() if floor(there) < floor(here)] == []


def test_rooms_make_no_circle():
    below: dict[str, set[str]] = {}
    for here, there in arrows():
        below.setdefault(here, set()).add(there)
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        circle = error.args[1]
        pytest.fail("\n".join(line for pair in zip(circle[1:], circle) for line in arrows().get(pair, [])))


def test_files_make_no_circle():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(" is imported by ".join(error.args[1]))


def test_what_runs_beside_student_code_knows_nothing_of_the_answers():
    allowed = (*BESIDE_STUDENT_CODE, "grading.sandbox.limits", "grading.paths")
    beside = [module for module in modules() if within(module, BESIDE_STUDENT_CODE)]
    assert len(beside) > 8
    assert {f"{m} imports {name}" for m in beside for name in imports()[m] if not within(name, allowed)} == set()
    # And so is what these few import in turn, and the packages that hold them.
    for module in ("grading", "grading.sandbox", "grading.sandbox.limits", "grading.paths"):
        assert imports()[module] == set()


def test_what_crosses_does_not_know_what_runs_beside_student_code():
    crossing = [module for module in modules() if within(module, ("grading.sandbox.crossing",))]
    assert not [module for module in crossing if any(within(n, ("grading.sandbox.inside",)) for n in imports()[module])]


@pytest.mark.parametrize("room", ["contract", "submissions", "sandbox", "checking", "diagnosis", "grader", "report"])
def test_what_grades_imports_no_network_no_data_and_no_trainer(room):
    trusted = [module for module in modules() if within(module, (f"grading.{room}",))]
    assert {f"{m} imports {name}" for m in trusted for name in imports()[m] if within(name, NOT_FORMULAS)} == set()


# --- nothing is loaded before it is needed ------------------------------------------------------------------------


def loaded_by(statement: str) -> set[str]:
    """The top-level packages that are loaded once a statement has run in a fresh interpreter."""
    code = f"import contextlib, io, sys\nwith contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n    {statement}\n"
    code += "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


HEAVY = {"torch", "numpy", "rich", "pytest", "hypothesis", "reference", "diffusers", "matplotlib", "psutil"}


@pytest.mark.parametrize("name", ["__main__", *(f"commands.{command}" for command in COMMANDS)])
def test_a_command_loads_nothing_heavy_before_it_runs(name):
    loaded = loaded_by(f"import grading.{name}")
    assert "grading" in loaded and not loaded & HEAVY


def test_the_site_is_built_without_torch():
    """In its own environment there is none."""
    assert not loaded_by("from grading.site import build; build.pages.pages(True)") & (HEAVY - {"reference"})


@pytest.mark.parametrize("arguments", [["--help"], ["grade", "--help"], ["stubs", "--check"], ["contract"]])
def test_a_command_that_needs_no_torch_does_not_load_it(arguments):
    assert not loaded_by(f"from grading.__main__ import main; main({arguments!r})") & HEAVY
