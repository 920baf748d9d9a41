"""What goes wrong on the grader's side ends as "not graded": neither 0 points nor full marks, and exit code 3."""

import inspect
import json
import os
import shutil
import signal
import sys
import time
from functools import partial

import pytest

from grading import __main__ as command_line
from grading import grader
from grading.checking import compare, golden
from grading.grader import examiner
from grading.paths import ROOT
from grading.report import files
from grading.sandbox.student import Student
from grading.verdicts import FAILED, NOT_GRADED, NOT_IMPLEMENTED, PASSED, CheckResult, Failure, GraderFault, conclude

from .conftest import PLAIN, SEED, outcomes, told

GUIDANCE = ["guidance.classifier_free_guidance", "guidance.guided_eps"]


@pytest.fixture
def run_alone(tmp_path, capsys):
    """``run_alone("ddpm", …)``: the exit code, what was printed, and the result file, of a command in this process."""

    def run_alone(only, folder=PLAIN):
        path = tmp_path / "results.json"
        code = command_line.main(["grade", str(folder), "--only", only, "--json", str(path), "--seed", str(SEED)])
        return code, capsys.readouterr().out, json.loads(path.read_text(encoding="utf-8"))

    return run_alone


@pytest.fixture
def run(preloaded, run_alone):
    """The same with the process that is preloaded already."""
    return run_alone


@pytest.fixture
def fixtures(tmp_path, monkeypatch):
    """A copy of fixtures/ that the grader reads in place of it."""
    folder = shutil.copytree(golden.FIXTURES, tmp_path / "fixtures")
    monkeypatch.setattr(golden, "FIXTURES", folder)
    forget()
    yield folder
    forget()


@pytest.fixture
def checks_of_guidance(grade):
    """The module of these checks, as a grading leaves it: only under the grader's own pytest can it be imported."""
    grade(PLAIN, GUIDANCE)
    return sys.modules["grading.checking.checks.test_guidance"]


def forget():
    golden._manifest.cache_clear()
    golden._tensors.cache_clear()
    golden._points.cache_clear()


def damage(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def assert_not_graded(code, out, document, not_graded, passed=()):
    assert code == 3
    tests = {test["name"]: test for test in document["tests"]}
    assert tests.keys() == {*not_graded, *passed}
    for task in not_graded:
        assert tests[task]["extra_data"]["verdict"] == NOT_GRADED
        assert "score" not in tests[task]
        assert "status" not in tests[task]
        assert tests[task]["output"]
    for task in passed:
        assert tests[task]["extra_data"]["verdict"] == PASSED
        assert tests[task]["score"] == tests[task]["max_score"]
    assert f"{len(not_graded)} not graded: the grader is at fault" in out
    assert "Traceback" not in out


def test_a_damaged_fixture_file(run, fixtures):
    damage(fixtures / "golden" / "guidance.safetensors")
    code, out, document = run("guidance,ddim.ddim_sigma")
    assert_not_graded(code, out, document, GUIDANCE, ["ddim.ddim_sigma"])
    assert "guidance.safetensors is damaged" in out


def test_a_missing_fixture_file(run, fixtures):
    (fixtures / "golden" / "guidance.safetensors").unlink()
    code, out, document = run("guidance,ddim.ddim_sigma")
    assert_not_graded(code, out, document, GUIDANCE, ["ddim.ddim_sigma"])
    assert "nox -s fixtures" in out


@pytest.mark.parametrize("content", ["", "{", "[]", '{"points": {}}'])
def test_a_damaged_manifest(content, run, fixtures):
    (fixtures / "manifest.json").write_text(content, encoding="utf-8")
    assert_not_graded(*run("guidance"), GUIDANCE)


def test_fixtures_that_the_reference_does_not_reproduce(run, fixtures, monkeypatch):
    exact = compare.exact
    monkeypatch.setattr(golden, "exact", lambda task, arguments: exact(task, arguments) * 1.001)
    code, out, document = run("guidance")
    assert_not_graded(code, out, document, GUIDANCE)
    assert "does not match the reference" in document["tests"][0]["output"]


@pytest.mark.parametrize("error", [KeyError("x"), AssertionError("x"), GraderFault("x"), RecursionError("x")], ids=repr)
def test_a_check_that_raises(error, run, monkeypatch, checks_of_guidance):
    def broken(*arguments, **options):
        raise error

    monkeypatch.setattr(checks_of_guidance, "assert_close", broken)
    code, out, document = run("guidance,ddim.ddim_sigma")
    assert_not_graded(code, out, document, GUIDANCE, ["ddim.ddim_sigma"])
    assert type(error).__name__ in out


def test_a_check_that_raises_costs_no_wrong_solution_either(run, monkeypatch, hand_in, checks_of_guidance):
    """A fault of the grader stands above what other checks found: nothing is deduced from half a grading."""

    def broken(*arguments, **options):
        raise KeyError("x")

    monkeypatch.setattr(checks_of_guidance, "assert_close", broken)
    wrong = hand_in(guidance="def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    return eps_cond\n")
    code, out, document = run("guidance.classifier_free_guidance", wrong)
    assert_not_graded(code, out, document, ["guidance.classifier_free_guidance"])


def test_a_reference_that_cannot_compute_the_answer(run, monkeypatch):
    def broken(task, arguments):
        raise ValueError("x_t: expected something else")

    monkeypatch.setattr(compare, "exact", broken)
    monkeypatch.setattr(compare, "right", inspect.unwrap(compare.right))  # what it has answered already it remembers
    assert_not_graded(*run("guidance"), GUIDANCE)


def test_an_error_in_collection(run, monkeypatch):
    monkeypatch.setattr(examiner, "task_of", lambda item: 1 / 0)
    assert_not_graded(*run("guidance"), GUIDANCE)


def test_a_function_without_checks(run, monkeypatch):
    monkeypatch.setattr(examiner, "checks_of", lambda tasks: [])
    assert_not_graded(*run("guidance"), GUIDANCE)


def test_a_diagnosis_that_fails(run, monkeypatch, hand_in):
    """Where only the naming of the mistake breaks, the verdict stands: a diagnosis is an extra."""

    def broken(*arguments):
        raise KeyError("x")

    monkeypatch.setattr(grader, "Run", partial(grader.Run, diagnose=broken))
    wrong = hand_in(guidance="def classifier_free_guidance(eps_uncond, eps_cond, scale):\n    return eps_cond\n")
    code, _, document = run("guidance.classifier_free_guidance", wrong)
    assert code == 0
    (test,) = document["tests"]
    assert test["score"] == 0 and test["extra_data"]["verdict"] == "failed" and test["extra_data"]["diagnosis"] == []


def test_the_preloaded_process_dies_in_mid_run(run_alone, monkeypatch):
    call = Student.__call__
    done = []

    def kill_after_a_while(self, **arguments):
        done.append(self.task)
        if len(done) == 5:
            os.kill(
                self._conversation.fork_server.process.pid, signal.SIGKILL
            )  # and with it the clones that the graders talk to
            time.sleep(0.2)
        return call(self, **arguments)

    monkeypatch.setattr(Student, "__call__", kill_after_a_while)
    code, _, document = run_alone("guidance,ddim")
    assert code == 3
    verdicts = [test["extra_data"]["verdict"] for test in document["tests"]]
    assert len(verdicts) == 5
    assert NOT_GRADED in verdicts and set(verdicts) <= {PASSED, NOT_GRADED}
    assert all(("score" in test) == (test["extra_data"]["verdict"] == PASSED) for test in document["tests"])


def test_the_preloaded_process_does_not_start(run_alone, monkeypatch):
    monkeypatch.setattr("grading.sandbox.fork_server._BOOT", "raise SystemExit(1)")
    assert_not_graded(*run_alone("guidance"), GUIDANCE)


@pytest.mark.usefixtures("preloaded")
def test_a_verdict_that_cannot_be_written_does_not_pass(monkeypatch, tmp_path, capsys):
    """A full disk: the report is shown, and the command does not end as if all were well."""
    path = tmp_path / "results.json"

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write", full)
    assert command_line.main(["grade", str(PLAIN), "--only", "guidance", "--json", str(path)]) == 3
    out, err = capsys.readouterr()
    assert "2 of 2 points" in out
    assert f"{path} is not complete: No space left on device" in err and "Traceback" not in err


def test_later_gradings_are_not_affected(grade):
    """After all that, in the same process."""
    assert set(outcomes(grade(ROOT / "reference", GUIDANCE)).values()) == {PASSED}


# --- how a verdict follows from checks --------------------------------------------------------------------------

FINE, WRONG, FAULTY = CheckResult("a"), CheckResult("b", failure=Failure("x")), CheckResult("c", fault="y")
ABSENT = Failure("not implemented: x", kind="not implemented")


@pytest.mark.parametrize(
    ("checks", "expected", "stopped", "called", "outcome"),
    [
        ([FINE, FINE], 2, None, True, PASSED),
        ([FINE, FINE], 2, None, False, NOT_GRADED),
        ([FINE], 2, None, True, NOT_GRADED),
        ([], 0, None, True, NOT_GRADED),
        ([], 0, None, False, NOT_GRADED),
        ([], 2, None, True, NOT_GRADED),
        ([FINE, WRONG], 2, None, True, FAILED),
        ([WRONG], 2, None, True, FAILED),
        ([FINE, FAULTY], 2, None, True, NOT_GRADED),
        ([WRONG, FAULTY], 2, None, True, NOT_GRADED),
        ([], 2, ABSENT, True, NOT_IMPLEMENTED),
        ([WRONG], 2, ABSENT, True, NOT_IMPLEMENTED),
        ([FAULTY], 2, ABSENT, True, NOT_GRADED),
    ],
)
def test_conclusions(checks, expected, stopped, called, outcome):
    verdict = conclude("ddpm.predict_x0", checks, expected, stopped, called)
    assert verdict.outcome == outcome
    assert bool(told(verdict)) == (outcome != PASSED)
