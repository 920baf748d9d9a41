"""While they type: what a save touches is graded again, whatever state it leaves the folder in."""

import shutil
import sys
import time

import psutil
import pytest

from grading.__main__ import main
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.paths import ROOT
from grading.submissions import opened
from grading.verdicts import FAILED, PASSED

from .conftest import PLAIN, SEED, WIDTH
from .watched import saved, watching

COMBINE = "def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    return {}\n"
RIGHT, WRONG = "eps_uncond + scale * (eps_cond - eps_uncond)", "eps_cond + scale * (eps_cond - eps_uncond)"
GUIDED = (
    "from lib.combine import classifier_free_guidance as combined\n\n\n"
    "def guided_eps(model, x_t, t, cond, null_cond, scale):\n"
    "    return combined(model(x_t, t, null_cond), model(x_t, t, cond), scale)\n"
)


@pytest.fixture
def homework(tmp_path):
    """``guidance`` in two files, and a function that has nothing to do with them."""
    folder = tmp_path / "homework"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "combine.py").write_text(COMBINE.format(RIGHT))
    (folder / "guidance.py").write_text("from lib.combine import classifier_free_guidance\n" + GUIDED)
    shutil.copy(PLAIN / "gan_losses.py", folder)
    return folder


def command(folder, *options):
    tasks = "guidance,gan_losses.generator_loss"
    return [sys.executable, "-m", "grading", "grade", str(folder), "--only", tasks, "--watch", *options]


def test_what_a_save_touches_is_graded_again(homework):
    combine = homework / "lib" / "combine.py"
    with watching(command(homework, "--seed", "7"), ROOT, COLUMNS=WIDTH) as watched:
        first = watched.until_waiting()
        assert "--seed 7" in first
        assert "3 functions: 3 passed; 3 of 3 points" in first and "next:" not in first

        saved(combine, COMBINE.format(WRONG))
        told = watched.until_waiting()
        assert "lib/combine.py: 2 of 3 functions may be touched" in told
        assert "guidance.classifier_free_guidance  failed  (was passed)\n" in told
        assert "guidance.guided_eps  failed  (was passed)\n" in told
        assert "right by itself: it fails because of your classifier_free_guidance" in told
        assert "what is wrong" in told and "generator_loss" not in told
        assert "3 functions: 1 passed, 2 failed; 1 of 3 points" in told
        assert "next: guidance.classifier_free_guidance (guided_eps waits for it)" in told

        saved(combine, COMBINE.format(RIGHT) + "x = (\n")  # in the middle of a line
        told = watched.until_waiting()
        assert "guidance.guided_eps  failed\n" in told and "was never closed" in told

        combine.unlink()
        told = watched.until_waiting()
        assert "guidance.guided_eps  failed\n" in told and "3 functions: 1 passed, 2 failed" in told

        saved(combine, COMBINE.format(RIGHT))
        told = watched.until_waiting()
        assert "guidance.guided_eps  passed  (was failed)" in told
        assert "3 functions: 3 passed; 3 of 3 points" in told

        saved(combine, "# nothing new\n" + COMBINE.format(RIGHT))
        assert "lib/combine.py: 0 of 3 functions may be touched" in watched.until_waiting()
        assert watched.ended() == 0


def test_a_save_breaks_off_what_is_being_graded(homework):
    combine = homework / "lib" / "combine.py"
    with watching(command(homework), ROOT, COLUMNS=WIDTH) as watched:
        watched.until_waiting()
        saved(combine, COMBINE.format("hangs()") + "def hangs():\n    while True:\n        pass\n")
        watched.until("lib/combine.py: 2 of 3")
        time.sleep(1)
        saved(combine, COMBINE.format(RIGHT))
        told = watched.until_waiting()
        assert "time limit" not in told
        assert "3 functions: 3 passed" in told
        while len(alive(watched.process.pid)) > 1:  # the one that workers are forked from
            time.sleep(0.1)
        assert watched.ended() == 0


def alive(process: int) -> list[psutil.Process]:
    children = psutil.Process(process).children(recursive=True)
    return [one for one in children if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_a_folder_that_cannot_be_graded(tmp_path, capsys):
    assert main(["grade", str(tmp_path / "none"), "--watch"]) == 2
    assert "there is no such folder or file" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--json", "x.json"], ["--html", "x.html"], ["--debug", "ddpm.predict_x0"]])
def test_what_is_written_does_not_go_with_it(option, capsys):
    assert main(["grade", "--watch", *option]) == 2
    assert f"expected no {option[0]} beside it" in capsys.readouterr().err


def test_a_verdict_is_told_before_its_mistake_is_looked_for(fork_server, hand_in):
    folder, told = hand_in(guidance=COMBINE.format(WRONG)), []
    with opened(folder) as submission:
        run = Run(submission, ("guidance.classifier_free_guidance",), SEED, at_once=True)
        (verdict,) = grade_run(fork_server, run, told.append)
    assert [one.searching for one in told] == [True, False]
    assert [one.outcome for one in told] == [FAILED, FAILED]
    assert not told[0].mistakes and told[1].mistakes and told[1] is verdict


def test_what_was_graded_before_is_known_when_the_rest_is_graded(fork_server, homework):
    """Of a function that fails because of another one, which is not graded again."""
    (homework / "lib" / "combine.py").write_text(COMBINE.format(WRONG))
    other, task = "guidance.classifier_free_guidance", "guidance.guided_eps"
    with opened(homework) as submission:
        (before,) = grade_run(fork_server, Run(submission, (other,), SEED, diagnose=None))
        run = Run(submission, (task,), SEED, diagnose=None)
        (alone,) = grade_run(fork_server, run)
        told = []
        (beside,) = grade_run(
            fork_server, Run(submission, (task,), SEED, diagnose=None, known={other: before}), told.append
        )
    assert (alone.outcome, alone.carried) == (FAILED, [])
    assert (beside.outcome, beside.carried) == (FAILED, [other])
    assert {one.task for one in told} == {task} and PASSED not in {one.outcome for one in told}
