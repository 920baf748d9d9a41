"""A failing call to take home: the script says of the student's own code what the report said, and nothing of the answer."""

import ast
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from grading.__main__ import main
from grading.contract.functions import MODULES, tasks_of
from grading.diagnosis.mistakes import Mistake, catalogue
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.paths import ROOT
from grading.report.quoted import quoted
from grading.sandbox.crossing import probes
from grading.submissions import opened
from grading.takehome.excerpt import excerpt
from grading.takehome.script import Script, script
from grading.verdicts import FAILED, Failure, Verdict

from .conftest import PLAIN, SEED
from .containers import notebook

KINDS = {  # of what stands among the arguments
    "plain tensors": "ddpm.posterior_step",
    "a schedule": "noising.cumulative_alphas",
    "a t for each sample": "noising.add_noise",
    "a network": "ddpm.sample_ddpm",
    "a generator": "latents.sample_z",
    "defaults": "noising.linear_betas",
}
WITHOUT = ("latents.sample_w", "latents.sample_w_plus")  # their first check has a mapping of its own
LONG = 30  # characters: a line of the reference's that is as long is its own


@pytest.fixture
def taken(fork_server, tmp_path):
    """``taken(folder, task)``: the verdict as a report shows it, with the script or why there is none."""

    def taken(folder: Path, *tasks: str) -> dict[str, tuple[Verdict, Script | str]]:
        with opened(folder) as submission:
            run = Run(submission, tasks, SEED, diagnose=None, carry=False, take_home=True)
            verdicts = map(quoted, grade_run(fork_server, run))
            return {verdict.task: (verdict, script(submission, verdict)) for verdict in verdicts}

    return taken


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "scripts"
    folder.mkdir()
    return folder


def made_again(path: Path, *arguments: object, keyboard: str = "") -> subprocess.CompletedProcess[str]:
    """By a plain Python, from another folder, where nothing of the project can be imported."""
    command = [sys.executable, str(path), *map(str, arguments)]
    plain = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd="/", env=plain, input=keyboard, capture_output=True, text=True, timeout=120)


def mistaken(folder: Path, *mistakes: Mistake) -> Path:
    """A submission that makes these mistakes, each of another function."""
    for name, source in (("mistakes", ROOT / "grading" / "diagnosis" / "mistakes"), ("reference", ROOT / "reference")):
        (folder / name).mkdir(parents=True)
        for file in source.glob("*.py"):
            shutil.copy(file, folder / name)
    for one in mistakes:
        module, function = one.task.split(".")
        with (folder / f"{module}.py").open("a") as file:
            file.write(f"from mistakes.{module} import {one.implementation.__name__} as {function}\n")
    return folder


def first_failure(verdict: Verdict) -> Failure:
    failure = verdict.failures[0].failure
    assert failure is not None
    return failure


@cache
def lines_of_the_reference() -> frozenset[str]:
    """Those of the bodies, without docstrings."""
    lines = set()
    for path in (ROOT / "reference").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                lines |= {line.strip() for one in node.body for line in ast.unparse(one).splitlines()}
    return frozenset(line for line in lines if len(line) >= LONG and not line.startswith(('"', "'")))


def nothing_of_the_reference(made: Script) -> None:
    _, own = excerpt(probes, [name for name in vars(probes) if not name.startswith("__")])
    written = {line.strip() for line in made.text.splitlines()} - {line.strip() for line in own.splitlines()}
    assert not written & lines_of_the_reference()
    assert "reference" not in made.text.replace("mistakes", "")


def said_again(verdict: Verdict, made: Script | str, out: Path) -> None:
    """The script shows what the report shows, where one call shows it; else what was reported, and what comes now."""
    assert isinstance(made, Script), made
    nothing_of_the_reference(made)
    ran = made_again(made.write(out))
    before, _, now = ran.stdout.partition("now:")
    failure = first_failure(verdict)
    assert failure.summary in before, ran.stderr
    assert verdict.call is not None
    if verdict.call.expected and failure.kind in ("value", "not finite", "form"):
        assert f"expected  {failure.expected}" in now and f"got       {failure.got}" in now
    assert ran.returncode == (1 if verdict.call.expected else 0), ran.stderr


@pytest.mark.parametrize("task", KINDS.values(), ids=list(KINDS))
def test_the_script_says_what_the_report_says(task, taken, out, tmp_path):
    mistake = next(one for one in catalogue() if one.task == task)
    (pair,) = taken(mistaken(tmp_path / "homework", mistake), task).values()
    said_again(*pair, out)


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_every_function_has_one_or_says_why_not(module, taken, out, tmp_path):
    mistakes = {one.task: one for one in reversed(catalogue()) if one.task in tasks_of(module)}
    for task, (verdict, made) in taken(mistaken(tmp_path / "homework", *mistakes.values()), *mistakes).items():
        assert verdict.outcome == FAILED, task
        if task in WITHOUT:
            assert isinstance(made, str) and "a function that a check makes" in made
        else:
            said_again(verdict, made, out)


# --- what a script stands up to --------------------------------------------------------------------------------------

WRONG = """
import torch

def add_noise(x0, noise, t, alphas_cumprod):
    {line}
    return x0
"""


def handed_in(hand_in, line: str) -> Path:
    return hand_in({"noising.py": WRONG.format(line=line)})


def test_a_mended_function_is_right(taken, out, hand_in):
    folder = handed_in(hand_in, "pass")
    ((_, made),) = taken(folder, "noising.add_noise").values()
    path = made.write(out)
    assert made_again(path).returncode == 1
    (folder / "noising.py").write_text((PLAIN / "noising.py").read_text(encoding="utf-8"), encoding="utf-8")
    again = made_again(path)
    assert again.returncode == 0 and "that is right" in again.stdout


def test_another_folder_than_the_default(taken, out, hand_in, tmp_path):
    ((_, made),) = taken(handed_in(hand_in, "pass"), "noising.add_noise").values()
    path = made.write(out)
    assert made_again(path, PLAIN).returncode == 0
    wrapping = tmp_path / "download" / "homework"
    shutil.copytree(PLAIN, wrapping)
    assert made_again(path, wrapping.parent).returncode == 0
    nothing = made_again(path, out)
    assert nothing.returncode == 1 and "noising.py" in nothing.stderr and str(out) in nothing.stderr


def test_what_the_code_says_stays_text(taken, out, hand_in):
    hostile = r"""raise ValueError('\"\"\"\'\'\'\n)\nopen("pwned", "w")\n${x} \\ \u2028 \x1b[2J {0} %s')"""
    ((_, made),) = taken(handed_in(hand_in, hostile), "noising.add_noise").values()
    assert made.text.isascii()
    called = [node for node in ast.walk(ast.parse(made.text)) if isinstance(node, ast.Call)]
    assert not [node for node in called if isinstance(node.func, ast.Name) and node.func.id == "open"]
    ran = made_again(made.write(out))
    assert ran.returncode == 1 and "ValueError" in ran.stderr
    assert "\x1b" not in ran.stdout and "open(" in ran.stdout


@pytest.mark.parametrize("name", ['it\'s "mine"', "ünï cödé", "new\nline", "$task ${x}"])
def test_folders_of_any_name(name, taken, out, hand_in, tmp_path):
    folder = tmp_path / name
    handed_in(hand_in, "pass").rename(folder)
    ((_, made),) = taken(folder, "noising.add_noise").values()
    assert made_again(made.write(out)).returncode == 1


def test_layouts_are_found(taken, out, hand_in):
    adapters = "from code_of_mine.steps import mix\n\ndef noising_add_noise(*arguments):\n    return mix(*arguments)\n"
    steps = "from .words import said\n\ndef mix(x0, noise, t, alphas_cumprod):\n    said()\n    return noise\n"
    files = {"adapters.py": adapters, "code_of_mine/steps.py": steps, "code_of_mine/__init__.py": ""}
    folder = hand_in(files | {"code_of_mine/words.py": "def said():\n    print('here I am')\n"})
    ((_, made),) = taken(folder, "noising.add_noise").values()
    ran = made_again(made.write(out))
    assert ran.returncode == 1 and "here I am" in ran.stdout


def test_a_notebook_has_none_and_is_told_why(taken, tmp_path):
    path = tmp_path / "hw.ipynb"
    notebook(path, WRONG.format(line="pass"))
    ((_, made),) = taken(path, "noising.add_noise").values()
    assert isinstance(made, str) and "notebook" in made


# --- the command line ------------------------------------------------------------------------------------------------


def test_replay_says_what_it_has_written(cli, hand_in, out):
    folder = handed_in(hand_in, "pass")
    ran = cli("grade", folder, "--only", "noising.add_noise", "--replay", out)
    assert ran.returncode == 0 and f"python {out / 'noising_add_noise.py'}" in ran.stdout
    assert made_again(out / "noising_add_noise.py").returncode == 1


@pytest.mark.parametrize("hints", ["none", "property"])
def test_less_than_a_mistake_is_told_so_no_script_is(hints, preloaded, hand_in, out, capsys):
    folder = handed_in(hand_in, "pass")
    done = main(["grade", str(folder), "--only", "noising.add_noise", "--replay", str(out), "--hints", hints])
    assert done == 0 and "no script is written" in capsys.readouterr().out
    assert not list(out.iterdir())


def test_scripts_do_not_go_into_the_homework(cli, hand_in):
    folder = handed_in(hand_in, "pass")
    ran = cli("grade", folder, "--replay", folder / "scripts")
    assert ran.returncode == 2 and "outside of" in ran.stderr


def test_debug_stops_where_the_student_says(hand_in):
    folder = handed_in(hand_in, "breakpoint()")
    command = [sys.executable, "-m", "grading", "grade", str(folder), "--debug", "noising.add_noise"]
    ran = subprocess.run(command, cwd=ROOT, input="p 6 * 7\nc\n", capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.index("unprotected") < ran.stdout.index("(Pdb) 42") < ran.stdout.index("that is wrong")
    assert "BdbQuit" not in ran.stdout


@pytest.mark.parametrize(
    "arguments, why",
    [
        (["--debug", "noising.linear_betas"], "not implemented"),
        (["--debug", "noising.nothing"], "expected one function"),
        (["--debug", "noising.add_noise", "--json", "results.json"], "--json"),
        (["--debug", "noising.add_noise", "--hints", "property"], "hints = property"),
    ],
)
def test_debug_is_refused_with_the_reason(arguments, why, cli, hand_in):
    ran = cli("grade", handed_in(hand_in, "pass"), *arguments)
    assert ran.returncode == 2 and why in ran.stderr


# --- what was printed ------------------------------------------------------------------------------------------------


def test_what_another_call_printed_is_shown(preloaded, hand_in, tmp_path, capsys):
    """The first test point is right, and prints; the one that fails prints nothing."""
    source = """
import torch
from plain_noising import add_noise as right

def add_noise(x0, noise, t, alphas_cumprod):
    if not isinstance(t, int):
        return x0
    print("the right", "branch & more")
    return right(x0, noise, t, alphas_cumprod)
"""
    folder = hand_in({"noising.py": source, "plain_noising.py": (PLAIN / "noising.py").read_text(encoding="utf-8")})
    as_json, page = tmp_path / "results.json", tmp_path / "page.html"
    assert main(["grade", str(folder), "--only", "noising.add_noise", "--json", str(as_json), "--html", str(page)]) == 0
    for shown in (capsys.readouterr().out, as_json.read_text(encoding="utf-8")):
        assert "the right branch & more" in shown
    assert "the right branch &amp; more" in page.read_text(encoding="utf-8")


def test_a_warning_is_shown_without_a_place_of_this_machine(preloaded, hand_in, capsys):
    source = """
import warnings

def linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
    warnings.warn_explicit("from a library", UserWarning, "/opt/somewhere/library.py", 3)
    warnings.warn("of my own")
    return None
"""
    assert main(["grade", str(hand_in(noising=source)), "--only", "noising.linear_betas"]) == 0
    said = capsys.readouterr().out
    assert "UserWarning: from a library" in said and "noising.py:6: UserWarning: of my own" in said
    assert "/opt/somewhere" not in said
