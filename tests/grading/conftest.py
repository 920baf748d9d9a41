"""What the tests of the grader share: one preloaded process, submissions made on the spot, verdicts on them."""

import os
import shutil
import subprocess
import sys
import textwrap
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from grading.contract.functions import FUNCTIONS, all_tasks
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.paths import ROOT
from grading.report import explain
from grading.sandbox import limits
from grading.sandbox.fork_server import ForkServer
from grading.submissions import opened
from grading.verdicts import Verdict

SEED = 20250117
WIDTH = "200"  # of the terminal, so that no line that a test looks for is broken in two
SOLUTIONS = ROOT / "tests" / "solutions"
PLAIN = SOLUTIONS / "plain"
WITH_POINTS = [function.task for function in FUNCTIONS if function.exact]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LEFT_OUT = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="session")
def fork_server():
    with ForkServer() as fork_server:
        yield fork_server


@pytest.fixture(scope="session")
def grade(fork_server):
    """``grade(folder, ["ddpm.predict_x0"])``: the verdicts by task; every task where none are named.

    What is not ``explained`` ends at the first check that fails.
    """

    def grade(folder: Path, tasks=None, seed: int = SEED, explained: bool = True) -> dict[str, Verdict]:
        tasks = list(all_tasks() if tasks is None else tasks)
        with opened(folder) as submission:
            run = Run(submission, tuple(tasks), seed)
            run = run if explained else replace(run, diagnose=None, carry=False)
            verdicts = grade_run(fork_server, run)
        assert [verdict.task for verdict in verdicts] == tasks, "one verdict for each task, in their order"
        return {verdict.task: verdict for verdict in verdicts}

    return grade


@pytest.fixture
def preloaded(fork_server, monkeypatch):
    """A command line that runs in this process grades with the process that is preloaded here, not with one of its own."""
    for command in ("grade", "class_"):
        monkeypatch.setattr(f"grading.commands.{command}.ForkServer", lambda: nullcontext(fork_server))
    monkeypatch.setenv("COLUMNS", WIDTH)


@pytest.fixture
def hand_in(tmp_path):
    """``hand_in({"lib/steps.py": …}, ddpm=…)``: a submission folder; a keyword is a file at its top.

    ``on_top_of`` is a folder of which it starts as a copy.
    """

    def hand_in(files: dict[str, str] | None = None, *, on_top_of: Path | None = None, **modules: str) -> Path:
        folder = tmp_path / "handed_in"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if on_top_of is not None:
            shutil.copytree(on_top_of, folder, ignore=_LEFT_OUT, dirs_exist_ok=True)
        for name, source in {**(files or {}), **{f"{name}.py": source for name, source in modules.items()}}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(source), encoding="utf-8")
        return folder

    return hand_in


@pytest.fixture
def short_calls(monkeypatch):
    """A second per call and three per import, so that a test of a hanging function is over soon."""
    monkeypatch.setattr(limits, "CALL_SECONDS", 1.0)
    monkeypatch.setattr(limits, "IMPORT_SECONDS", 3.0)


@pytest.fixture
def unhurried(monkeypatch):
    """Time for a diagnosis, however busy the machine is: what it says is looked at, not how soon."""
    monkeypatch.setattr(limits, "DIAGNOSIS_SECONDS", 20 * limits.DIAGNOSIS_SECONDS)


@pytest.fixture(scope="session")
def cli():
    """``cli("grade", folder, …)``: the real command line, in a process of its own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "grading", *map(str, arguments)]
        variables = os.environ | {"COLUMNS": WIDTH} | environment
        return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300)

    return run


@pytest.fixture(scope="session")
def browser():
    """A real one, for pages; where none is installed, the tests that ask for it are skipped."""
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    if installed is None:
        pytest.skip("no browser: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        yield browser
        browser.close()


def told(verdict: Verdict) -> str:
    """Everything that a student reads under a function, with all hints."""
    return "\n".join(explain(verdict, "mistake"))


def outcomes(verdicts: dict[str, Verdict]) -> dict[str, str]:
    return {task: verdict.outcome for task, verdict in verdicts.items()}
