"""Gradescope's autograder: what is in the zip, and that a result is left whatever happens to the grader."""

import io
import json
import os
import stat
import subprocess
import sys
import textwrap
import zipfile

import pytest

from grading.__main__ import main
from grading.autograder.pack import packed, pins
from grading.paths import ROOT

from .conftest import PLAIN
from .graded_classes import document

COURSE = """
title = "Mine"
[[part]]
title = "All"
points = 2
[[part.task]]
number = "1"
title = "Two"
points = 2
functions = ["guidance.classifier_free_guidance", "ddpm.predict_x0"]
"""


@pytest.fixture
def course(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(COURSE)
    return path


@pytest.fixture
def autograder(tmp_path):
    """``autograder(content of the zip)``: a folder as /autograder is once the image is made, without an interpreter."""

    def autograder(content):
        root = tmp_path / "autograder"
        for name in ("source", "submission", "results", "venv/bin"):
            (root / name).mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(root / "source")
        return root

    return autograder


def started(root):
    """Run what Gradescope runs; the result that it finds, and what was printed."""
    script = root / "source" / "run_autograder"
    run = subprocess.run(
        [sys.executable, "-I", script],
        env=os.environ | {"AUTOGRADER": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return json.loads((root / "results" / "results.json").read_text(encoding="utf-8")), run.stdout + run.stderr


# --- the zip --------------------------------------------------------------------------------------------------------


def test_what_gradescope_looks_for_lies_at_the_top_and_can_be_run(course):
    with zipfile.ZipFile(io.BytesIO(packed(str(course), None, b"k" * 20, 10, 1, None))) as archive:
        names = set(archive.namelist())
        assert {"setup.sh", "run_autograder", "requirements.txt", "mine.toml", "secret"} <= names
        for name in ("setup.sh", "run_autograder"):
            assert archive.getinfo(name).external_attr >> 16 & stat.S_IXUSR
            assert archive.read(name).startswith(b"#!/usr/bin/env ")
        settings = json.loads(archive.read("autograder.json"))
        assert settings["arguments"] == ["--course", "mine.toml", "--secret", "secret"]
    assert not [name for name in names if "/audit/" in name or "reference/training" in name or "__pycache__" in name]


def test_the_zip_is_small_and_the_same_each_time():
    first, second = (packed("eecs498-hw5", None, None, 10, 1, None) for _ in range(2))
    assert first == second and len(first) < 5e6


def test_pins_are_those_that_grading_needs():
    names = {line.split("==")[0] for line in pins().splitlines()}
    assert {"torch", "numpy", "pytest", "hypothesis", "nbformat"} <= names
    assert not names & {"diffusers", "torchvision", "playwright", "ruff", "copydetect", "submitit", "cloudpickle"}


REFUSED = {
    "--course cs231n": "--course cs231n",
    "--course eecs498-hw5 --minutes 0": "--minutes 0",
    "--course eecs498-hw5 --minutes 41": "--minutes 41: expected a number from 1 to 40",
    "--course eecs498-hw5 --minutes nan": "--minutes nan",
    "--course eecs498-hw5 --processors 9": "--processors 9",
    "--course eecs498-hw5 --secret no/such/file": "--secret no/such/file",
    "--course eecs498-hw5 --fixtures no/such/folder": "--fixtures no/such/folder",
    "--course eecs498-hw5 --out no/such/folder/x.zip": "--out no/such/folder/x.zip",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_arguments_that_cannot_be_used_are_named(arguments, capsys):
    assert main(["autograder", *arguments.split()]) == 2
    assert REFUSED[arguments] in capsys.readouterr().err


# --- whatever the grader does ---------------------------------------------------------------------------------------

WHOLE = json.dumps(document())
GRADERS = {  # what the interpreter does, in place of grading
    "done": f"Path(results).write_text({WHOLE!r})",
    "killed before anything": "os.kill(os.getpid(), 9)",
    "killed in between": f"Path(results).write_text({WHOLE!r}); os.kill(os.getpid(), 9)",
    "hanging": f"Path(results).write_text({WHOLE!r}); time.sleep(60)",
    "half a file": f"Path(results).write_text({WHOLE[:50]!r}); sys.exit(3)",
    "at fault": "sys.exit('grade: the grader is at fault: no memory')",
    "unusable": "print(f'grade: {path}: nothing in it', file=sys.stderr); sys.exit(2)",
    "unusable arguments": "print('grade: --secret secret: cannot be read', file=sys.stderr); sys.exit(2)",
}
NOT_ALL = "Not everything was graded"
COUNT = {"done", "killed in between", "hanging"}  # of these there is something to show


@pytest.mark.parametrize("what", GRADERS)
def test_there_is_a_result_whatever_the_grader_does(what, autograder):
    root = autograder(packed("eecs498-hw5", None, None, 1, 1, None))
    minutes = 0.02 if what == "hanging" else 10
    settings = {"minutes": minutes, "processors": 1, "arguments": []}
    (root / "source" / "autograder.json").write_text(json.dumps(settings))
    python = root / "venv" / "bin" / "python"
    code = f"#!{sys.executable} -I\nimport os, sys, time\nfrom pathlib import Path\npath, results = sys.argv[4], sys.argv[6]\n"
    python.write_text(code + GRADERS[what] + "\n")
    python.chmod(0o755)
    result, printed = started(root)
    assert ("score" in result) or result["tests"]
    if what in COUNT:
        assert result["tests"] == document()["tests"]
        assert (NOT_ALL in result["output"]) == (what != "done")
    elif what == "unusable":
        assert result["score"] == 0 and result["output"] == "nothing in it"
    else:
        assert "score" not in result and "score" not in result["tests"][0]
        assert "nobody loses a point" in result["output"]
    assert (what == "at fault") == ("no memory" in printed)  # for the staff alone
    assert "no memory" not in json.dumps(result)


def test_without_an_interpreter_there_is_a_result_too(autograder):
    result, printed = started(autograder(packed("eecs498-hw5", None, None, 10, 1, None)))
    assert "nobody loses a point" in result["output"] and "cannot be run" in printed


def test_set_up_is_shell_that_can_be_read():
    assert subprocess.run(["bash", "-n", ROOT / "grading" / "autograder" / "setup.sh"]).returncode == 0


# --- once for real --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_zip_grades_by_itself(autograder, course):
    """With this environment's libraries, and nothing of this checkout."""
    root = autograder(packed(str(course), None, b"k" * 20, 10, 1, None))
    (root / "venv").rename(root / "no-venv")
    (root / "venv").symlink_to(sys.prefix)
    for path in PLAIN.glob("*.py"):
        (root / "submission" / path.name).write_bytes(path.read_bytes())
    (root / "submission" / "ddpm.py").write_text(
        textwrap.dedent("""
        def predict_x0(x_t, eps, t, alphas_cumprod):
            return x_t
        """)
    )
    told = {"users": [{"email": "jane@x.edu", "id": 7, "name": "Jane"}], "previous_submissions": []}
    (root / "submission_metadata.json").write_text(json.dumps(told))
    result, printed = started(root)
    tests = {test["name"]: test for test in result["tests"]}
    assert tests["guidance.classifier_free_guidance"]["status"] == "passed"
    assert tests["ddpm.predict_x0"]["status"] == "failed" and tests["ddpm.predict_x0"]["output_format"] == "html"
    assert "--student jane@x.edu" in result["output"]
    assert "sandbox" in printed
