"""Who imports whom: the formulas nobody but each other, each room of the reference those below it, the grader no trainer.

Read from the syntax trees, so that an import counts wherever it stands.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORMULAS = "formulas"  # the modules at the top of reference/
FLOORS = (FORMULAS, "data", "networks", "training")  # from below: each may import itself and those before it
MEASURES_TRAINING = "grading/bench/test_training.py"


def imports(source: str, package: str) -> Iterator[str]:
    """The full name of every module, and of everything taken from one, that a file in this package imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            yield from (".".join([*above, *([node.module] if node.module else []), a.name]) for a in node.names)


def imports_of(path: Path) -> Iterator[str]:
    return imports(path.read_text(encoding="utf-8"), ".".join(path.relative_to(ROOT).parent.parts))


def floor(name: str) -> str:
    """The floor of the reference that a name belongs to."""
    room = [*name.split("."), ""][1]
    return room if room in FLOORS else FORMULAS


@pytest.mark.parametrize("importer", FLOORS)
def test_the_reference_imports_downwards(importer):
    files = list((ROOT / "reference" / importer.replace(FORMULAS, "")).glob("*.py"))
    assert len(files) > 2
    allowed = FLOORS[: FLOORS.index(importer) + 1]
    wrong = {
        f"{path.name} imports {name}"
        for path in files
        for name in imports_of(path)
        if name.split(".")[0] in ("grading", "tests")
        or (name.split(".")[0] == "reference" and floor(name) not in allowed)
    }
    assert not wrong


def test_the_grader_imports_no_trainer():
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "grading").rglob("*.py")
        if any(f"{name}.".startswith("reference.training.") for name in imports_of(path))
    }
    assert importers == {MEASURES_TRAINING}


@pytest.mark.parametrize(
    "source",
    [
        "import reference.training.loop",
        "from reference import training",
        "def late():\n    from reference.training.loop import run",
        "from ...reference import training",
        "from ...reference.training import loop",
    ],
)
def test_every_way_to_import_is_seen(source):
    (name,) = imports(source, "project.grading.bench")
    assert name.removeprefix("project.").startswith("reference.training")


def test_a_relative_import_is_of_the_package_or_of_those_above_it():
    source = "from . import data\nfrom .loop import run\nfrom ..unet import ddpm_loss"
    assert list(imports(source, "reference.training")) == [
        "reference.training.data",
        "reference.training.loop.run",
        "reference.unet.ddpm_loss",
    ]
