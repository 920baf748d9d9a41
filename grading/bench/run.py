"""One measured run: the benchmarks under pytest, whose result is pytest-benchmark's JSON."""

import json
import os
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ..blackout import blacked_out
from ..paths import ROOT
from ..verdicts import Unusable
from .contest import PLUGIN, Settings
from .machine import machine

__all__ = ["measure"]

FOLDER = Path(__file__).parent


def measure(settings: Settings, only: str, outdir: Path, console: Console, files: Path = FOLDER) -> dict[str, Any]:
    """Run the measurements whose group has one of the comma-separated words in its name: pytest-benchmark's JSON.

    Raises:
        Unusable: a word that is in no name.
    """
    outdir.mkdir(parents=True, exist_ok=True)
    path = outdir / "results.json"
    path.unlink(missing_ok=True)
    run = _Run(settings, only, console)
    # -s and no terminal plugin: what is printed is the command's own.
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "no:terminal", "-s", "-m", ""]
    options += ["--benchmark-enable", "--benchmark-quiet", "--benchmark-disable-gc", f"--benchmark-json={path}"]
    saved = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER")}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pytest-benchmark's, that there is nothing to save
            pytest.main([*options, str(files)], plugins=[run])
    finally:
        os.environ.update({name: value for name, value in saved.items() if value is not None})
    if run.unknown:
        raise Unusable(run.unknown)
    document = json.loads(path.read_text()) if path.is_file() else {"benchmarks": [], "machine_info": machine(settings)}
    document["problems"] = run.problems
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return document


class _Run:
    """Pytest's view of a run: which measurements it makes, and what became of them."""

    __name__ = PLUGIN  # by which the fixtures find it

    def __init__(self, settings: Settings, only: str, console: Console) -> None:
        self.settings, self.console = settings, console
        self.words = [word.strip().lower() for word in only.split(",") if word.strip()]
        self.problems: list[dict[str, str]] = []
        self.unknown = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        names = [_group(item) for item in items]
        for word in self.words:
            if not any(word in name.lower() for name in names):
                self.unknown = f"--only {word!r}: in the name of no measurement; there are: {'; '.join(names)}"
                items[:] = []
                return
        if self.words:
            items[:] = [item for item in items if any(word in _group(item).lower() for word in self.words)]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            reason = str(report.longrepr).strip().splitlines()[-1]
            self.problems.append({"group": Path(report.nodeid).name, "reason": reason})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Any:
        outcome = yield
        if call.excinfo is not None:
            reason = str(call.excinfo.value).strip() or call.excinfo.typename
            self.problems.append({"group": _group(item), "reason": blacked_out(reason.splitlines()[0])})
        return outcome

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        start = time.monotonic()
        outcome = yield
        self.console.print(f"{_group(item)}  [dim]{time.monotonic() - start:.1f} s[/]")
        return outcome

    def pytest_benchmark_update_machine_info(self, machine_info: dict[str, Any]) -> None:
        machine_info.clear()
        machine_info.update(machine(self.settings))


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("benchmark")
    return marker.kwargs["group"] if marker else item.name
