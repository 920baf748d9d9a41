"""What the noxfile and the GPU tier say where nothing can be run: one line, and never an exit code that means something else."""

import os
import re
import subprocess
import sys

import pytest

from grading.paths import ROOT


def run(*command, **variables):
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True
    )


def test_what_belongs_behind_the_separator_is_no_session():
    done = run("nox", "-s", "grade", "my_homework")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "no session my_homework" in line
    assert line.endswith("nox -s grade -- my_homework")


def test_every_session_that_a_document_names_is_there():
    listed = set(re.findall(r"^[*-] ([\w-]+)", run("nox", "--list").stdout, re.MULTILINE))
    documents = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "tests" / "README.md",
        *ROOT.glob("grading/**/*.md"),
        *ROOT.glob("docs/**/*.md"),
    ]
    named = {name for path in documents for name in re.findall(r"nox -s ([\w-]+)", path.read_text(encoding="utf-8"))}
    assert {"grade", "gradebook", "class", "tests"} <= named
    assert named - listed - {"NAME"} == set()


def test_a_session_that_does_not_exist_is_named():
    done = run("nox", "-s", "grad", "--", "my_homework")
    assert done.returncode == 2
    assert done.stderr == "nox: there is no session grad; nox -l lists them\n"


@pytest.mark.slow
def test_the_gpu_tier_without_a_gpu_is_no_success():
    done = run("pytest", "-m", "gpu", "tests/gpu/test_smoke.py", CUDA_VISIBLE_DEVICES="", PYTEST_ADDOPTS="")
    assert done.returncode == 2
    assert "nothing was run: needs a CUDA device" in done.stdout
    assert "skipped" not in done.stdout
