"""Two runs over the same hand-ins: who changed, where, why."""

import json

import pytest

from grading.__main__ import main
from grading.verdicts import FAILED, NOT_GRADED, PASSED

from . import graded_classes
from .graded_classes import document, entry

ALL, WRONG = (PASSED,) * 4, (PASSED, FAILED, PASSED, PASSED)


@pytest.fixture
def compared(tmp_path, capsys):
    """``compared(before, after)``: exit code and lines, of two lists of hand-ins."""

    def compared(before, after, **settings):
        one = graded_classes.write(tmp_path / "one", *before)
        two = graded_classes.write(tmp_path / "two", *after, **settings)
        code = main(["compare", str(one), str(two)])
        return code, capsys.readouterr().out.splitlines()

    return compared


def test_two_runs_that_say_the_same(compared):
    own = [entry("a", "Jane", WRONG), entry("b", "Bob", reason="it is encrypted")]
    assert compared(own, own) == (0, ["0 of 2 changed"])


def test_who_changed_where_and_why(compared):
    before = [entry("a", "Jane", WRONG), entry("b", "Bob", ALL), entry("c", "Eve", ALL)]
    after = [entry("a", "Jane", ALL), entry("b", "Bob", WRONG), entry("c", "Eve", ALL)]
    code, lines = compared(before, after, seed=2)
    assert code == 1
    assert lines[0] == "seed: 1 → 2"
    assert lines[1] == "a: 3 points → 4 points"
    assert lines[2].startswith(
        "  ddpm.posterior_step: failed, 0 of 1 → passed, 1 of 1: what is wrong: The noise is missing."
    )
    assert lines[3] == "b: 4 points → 3 points"
    assert "passed, 1 of 1 → failed, 0 of 1: what is wrong" in lines[4]
    assert lines[5:] == ["2 of 3 changed"]


def test_what_was_not_graded_is_a_change_though_the_points_are_the_same(compared):
    code, lines = compared([entry("a", "x", WRONG)], [entry("a", "x", (PASSED, NOT_GRADED, PASSED, PASSED))])
    assert code == 1 and "failed, 0 of 1 → not graded, – of 1: the fixture is damaged" in lines[1]


def test_what_is_only_in_one_run_or_could_not_be_used(compared):
    before = [entry("a", "x", ALL), entry("b", "y", ALL)]
    after = [entry("b", "y", reason="it is encrypted"), entry("c", "z", ALL)]
    code, lines = compared(before, after)
    assert code == 1
    assert lines[0] == "a: only in the first" and lines[-2:] == ["c: only in the second", "3 of 3 changed"]
    assert "b: 4 points → unusable: it is encrypted" in lines


def test_two_results_of_one_submission(tmp_path, capsys):
    for name, outcomes in (("old.json", WRONG), ("new.json", ALL)):
        (tmp_path / name).write_text(json.dumps(document(outcomes)), encoding="utf-8")
    assert main(["compare", str(tmp_path / "old.json"), str(tmp_path / "new.json")]) == 1
    said = capsys.readouterr().out.splitlines()
    assert (said[0], said[-1]) == ("the submission: 3 points → 4 points", "1 of 1 changed")


@pytest.mark.parametrize("content", [None, "{", "{}", "[]"])
def test_what_is_no_run_is_refused_by_name(content, tmp_path, capsys):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    assert main(["compare", str(path), str(path)]) == 2
    assert str(path) in capsys.readouterr().err
