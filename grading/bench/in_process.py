"""A submission's checks in a fresh pytest process, its functions called in that process: what isolation is compared with.

``python -m grading.bench.in_process FOLDER SEED TASK …``. Nothing is confined: for trusted code alone.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ..grader.examiner import comes_last, task_of
from ..paths import CHECKS, ROOT
from ..sandbox.crossing import calls
from ..sandbox.crossing.values import Remote
from ..sandbox.inside.gradients import differentiable
from ..sandbox.requests import Request
from ..sandbox.student import Student
from ..verdicts import Failure

__all__ = ["main"]


class InProcess:
    """As a plugin of pytest: hands each check its function."""

    def __init__(self, package: str, tasks: list[str], seed: int) -> None:
        self.package, self.tasks, self.number = package, tasks, seed
        self.students: dict[str, Student] = {}

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        task = task_of(request.node)
        if task not in self.students:
            self.students[task] = _student(self.package, task)
        return self.students[task]

    @pytest.fixture
    def seed(self) -> int:
        return self.number

    @pytest.fixture
    def fixtures(self) -> None:
        return None

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        chosen = (item for item in items if task_of(item) in self.tasks)
        items[:] = sorted(chosen, key=lambda item: (self.tasks.index(task_of(item)), comes_last(item)))


def _student(package: str, task: str) -> Student:
    """A student whose calls are made here."""
    module, function = task.split(".")
    found = getattr(importlib.import_module(f"{package}.{module}"), function)

    def exchange(request: Request, seconds: float | None = None) -> dict[str, Any]:
        if "default_of" in request.message:
            return {"default": calls.default_of(found, request.message["default_of"])}
        if "settings" in request.message:
            return calls.run_module(found, **request.message)

        def here(what: Remote) -> Callable:
            callback = request.callbacks[what.number]
            return differentiable(callback) if what.differentiable else callback

        try:
            return calls.perform(found, **request.message, remote=here) | {"printed": ""}
        except Exception as error:  # some checks ask for what may be refused
            name = type(error).__name__
            raise Failure(f"your code raised {name}: {error}", error=name, kind="raised") from error

    student: Any = Student(None, Path(), task)  # type: ignore[arg-type]
    student._conversation = SimpleNamespace(
        exchange=exchange, readable=lambda called: contextlib.nullcontext(), stopped=None, open=True
    )
    return student


def main(folder: Path, seed: int, tasks: list[str]) -> int:
    """0 when every check has passed."""
    sys.path[:0] = [str(folder.parent), str(folder)]  # who imports relatively, and who does not
    modules = sorted({task.split(".")[0] for task in tasks})
    files = [CHECKS / "test_every_function.py", *(CHECKS / f"test_{module}.py" for module in modules)]
    options = ["-q", "-c", str(CHECKS / "pytest.ini"), "--rootdir", str(ROOT), "--import-mode=importlib"]
    options += ["-p", "no:cacheprovider", "-p", "no:warnings"]
    return int(pytest.main([*options, *map(str, files)], plugins=[InProcess(folder.name, tasks, seed)]))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
