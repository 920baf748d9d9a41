"""The handout for people who fill in a course's own kit: ``hw/`` lies beside the kit's files, with nothing of ours within reach."""

import json
import shutil
import sys

import pytest

from grading.__main__ import main
from grading.contract import courses
from grading.handout.pack import packed
from grading.submissions.kits import KITS, asked_by, named

from .conftest import ROOT
from .left_out import all_left_out_lines
from .test_handout import SECRET, check, expect_read_by_python_3_9, is_text, started, unpacked
from .watched import saved, watching

GIVEN = ROOT / "tests" / "kits"
UNFILLED = {"eecs498": "unfilled", "cmu16726": "given", "kaist492d": "unfilled", "cs180": "unfilled"}
RIGHT = [
    ("eecs498", "whole"),
    ("eecs498", "flat"),
    ("cmu16726", "plain"),
    ("cmu16726", "terse"),
    ("kaist492d", "numbers"),
    ("cs180", "export"),
]
# A student's torchvision works beside a student's torch; the one of these tests is mended as a worker's is.
MENDED = (ROOT / "reference/networks/_torchvision.py").read_text() + "\n\ndeclare_missing_operators()\n"


@pytest.fixture(scope="session")
def handouts():
    return {kit.name: packed(courses.load(kit.course), kit) for kit in KITS}


@pytest.fixture
def filled(handouts, tmp_path):
    def fill(kit, style):
        folder = unpacked(handouts[kit], tmp_path / "the kit")
        shutil.copytree(GIVEN / kit / style, folder, dirs_exist_ok=True)
        return folder

    return fill


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.name)
def test_no_line_of_a_solution_is_in_it(handouts, kit, tmp_path):
    folder = unpacked(handouts[kit.name], tmp_path)
    assert {path.name for path in folder.iterdir()} == {"hw"}  # nothing of the kit's is written over
    text = "".join("".join(path.read_text(encoding="utf-8").split()) for path in folder.rglob("*.*") if is_text(path))
    assert [line for line in all_left_out_lines() if line in text] == []


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.name)
def test_python_3_9_reads_it(handouts, kit, tmp_path):
    for path in unpacked(handouts[kit.name], tmp_path).rglob("*.py"):
        expect_read_by_python_3_9(path)


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.name)
def test_what_is_not_filled_in_is_not_implemented(filled, kit):
    told = check(filled(kit.name, UNFILLED[kit.name]))
    asked = courses.load(kit.course).of_kit(kit.todos).functions
    assert f"{len(asked)} functions: 0 passed, 0 failed, {len(asked)} not implemented" in told


@pytest.mark.parametrize("kit, style", RIGHT)
def test_what_is_right_passes(filled, kit, style, tmp_path):
    (tmp_path / "mended").mkdir()
    (tmp_path / "mended" / "sitecustomize.py").write_text(MENDED)
    run = started(filled(kit, style), "-m", "hw", "check", path=str(tmp_path / "mended"))
    assert ", 0 failed, 0 not implemented" in run.stdout, run.stdout + run.stderr


def test_what_is_wrong_is_told_at_its_place(filled):
    folder = filled("eecs498", "whole")
    edited = folder / "Diffusion/scheduler/DDPM_scheduler.py"
    text = edited.read_text()
    wrong = text.replace("pred_original_sample = ", "pred_original_sample = 2 * ", 1)
    assert wrong != text
    edited.write_text(wrong)
    told = check(folder, "ddpm.predict_x0")
    assert "ddpm.predict_x0  failed" in told
    edited.write_text(text.replace("pred_original_sample = ", "pred_original_sample = 1 / 0 * ", 1))
    line = 1 + edited.read_text()[: edited.read_text().index("1 / 0")].count("\n")
    assert f"Diffusion/scheduler/DDPM_scheduler.py:{line}: " in check(folder, "ddpm.predict_x0")


def test_a_notebook_is_read_cell_by_cell(filled):
    folder = filled("cs180", "unfilled")
    source = (GIVEN / "cs180" / "notebook" / "proj5.py").read_text()
    for path in folder.glob("*.py"):
        path.unlink()
    cells = [{"cell_type": "markdown", "source": ["# Part A"]}]
    cells += [{"cell_type": "code", "source": f"%matplotlib inline\n{source}".splitlines(keepends=True)}]
    (folder / "proj5.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    assert "noising.add_noise  passed" in check(folder, "noising.add_noise")
    (folder / "proj5.ipynb").write_text("{}")
    assert "proj5.ipynb is no notebook that can be read" in check(folder, "noising.add_noise")


def test_without_the_kit_it_says_what_is_missing(handouts, tmp_path):
    told = check(unpacked(handouts["kaist492d"], tmp_path))
    assert "none of the kit's files lies beside hw/" in told
    assert "0 passed, 0 failed, 4 not implemented" in told


def test_its_sources_are_handed_in_and_nothing_else(filled, grade):
    folder = filled("kaist492d", "plain")
    (folder / "model.ckpt").write_bytes(b"weights")
    run = started(folder, "-m", "hw", "submit")
    assert run.returncode == 0, run.stderr
    verdicts = grade(folder / "submission.zip", ["noising.add_noise", "ddim.ddim_step"])
    assert {verdict.outcome for verdict in verdicts.values()} == {"passed"}
    (folder / "notes.py").write_text(f"token = '{SECRET}'\n")
    assert "looks like a password or a token" in started(folder, "-m", "hw", "submit").stderr


def test_a_save_is_checked(filled):
    folder = filled("kaist492d", "unfilled")
    right = next((GIVEN / "kaist492d" / "plain").rglob("scheduler.py"))
    mine = next(path for path in folder.rglob("scheduler.py") if "hw" not in path.parts)
    with watching([sys.executable, "-m", "hw", "check", "--watch"], folder, PYTHONPATH="") as watched:
        assert "0 passed, 0 failed, 4 not implemented" in watched.until_waiting()
        saved(mine, right.read_text())
        assert "ddpm.posterior_step  passed  (was not implemented)" in watched.until_waiting()
        assert watched.ended() == 0


def test_pytest_runs_the_same(filled):
    run = started(filled("kaist492d", "plain"), "-m", "pytest", "-q", "hw")
    assert "4 passed" in run.stdout, run.stdout


def test_which_kit(tmp_path, capsys):
    assert {name: asked_by(courses.load(name).functions).name for name in courses.NAMES if name != "all"} == {
        "eecs498-hw5": "eecs498",
        "cmu16726-hw5": "cmu16726",
        "cs180-proj5": "cs180",
        "cs180-proj5-fm": "cs180",
        "kaist-cs492d": "kaist492d",
    }
    assert named("") is None
    assert main(["handout", "--course", "kaist-cs492d", "--kit", "nobodys", "--out", str(tmp_path / "hw.zip")]) == 2
    assert "there is no such kit" in capsys.readouterr().err
    assert main(["handout", "--course", "kaist-cs492d", "--kit", "--out", str(tmp_path / "hw.zip")]) == 0
    assert "4 functions in The kit of KAIST" in capsys.readouterr().out
