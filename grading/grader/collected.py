"""The checks as pytest collects them, with its marks, parameters and assertions, once in a process."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ..paths import CHECKS, ROOT
from ..verdicts import GraderFault

_OPTIONS = ["-c", str(CHECKS / "pytest.ini"), "--rootdir", str(ROOT), "--import-mode=importlib", "--collect-only"]
_UNUSED = (  # plugins that would only cost time, or print
    "cacheprovider doctest junitxml pastebin setuponly setupplan stepwise faulthandler unraisableexception "
    "threadexception warnings legacypath debugging logging capture terminal recwarn"
)
_EVERY_FUNCTION = CHECKS / "test_every_function.py"
_known: dict[Path, list[pytest.Function]] = {}


def checks_of(tasks: Sequence[str]) -> list[pytest.Function]:
    """All checks in the files that these functions' checks are in, others' among them.

    Raises:
        GraderFault: a file cannot be collected.
    """
    modules = sorted({task.split(".")[0] for task in tasks})
    files = [_EVERY_FUNCTION, *(CHECKS / f"test_{module}.py" for module in modules)]
    if any(file not in _known for file in files):
        _collect([file for file in files if file not in _known])
    return [check for file in files for check in _known[file]]


def _collect(files: Sequence[Path]) -> None:
    options = [*_OPTIONS, *(option for name in _UNUSED.split() for option in ("-p", f"no:{name}"))]
    collected = _Collected()
    with _plain_pytest():
        pytest.main([*options, *map(str, files)], plugins=[collected])
    if collected.trouble:
        raise GraderFault("; ".join(collected.trouble))
    for file in files:
        _known[file] = [item for item in collected.items if item.path == file]


class _Collected:
    """As a plugin of pytest: keeps what is collected."""

    def __init__(self) -> None:
        self.items: list[pytest.Function] = []
        self.trouble: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble.append(str(report.longrepr).strip().splitlines()[-1])

    def pytest_internalerror(self, excrepr: object) -> bool:
        self.trouble.append(str(excrepr).strip().splitlines()[-1])
        return True  # nothing is printed


@contextlib.contextmanager
def _plain_pytest() -> Iterator[None]:
    """No plugin or option of the surrounding project may change how grades come about."""
    saved = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    saved["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
