"""Every default of every function, changed in a copy of the reference: the function fails."""

import pytest

from grading.audit.defaults import EVERY, OTHER, with_another_default
from grading.checking.defaults import FREE
from grading.contract.functions import function
from grading.paths import ROOT
from grading.verdicts import FAILED, PASSED

from .conftest import told


def test_every_default_has_another_value():
    assert {name for _, name in [*EVERY, *FREE]} == OTHER.keys()


@pytest.mark.slow
@pytest.mark.parametrize(("task", "name"), EVERY, ids=lambda one: one)
def test_another_default_fails(task, name, hand_in, grade):
    verdict = _graded(task, name, hand_in, grade)
    assert verdict.outcome == FAILED
    kinds = {check.failure.kind for check in verdict.failures}
    # A mask that is there, and channels, are seen elsewhere.
    assert "default" in kinds or name in ("mask", "in_channels"), told(verdict)


@pytest.mark.parametrize(("task", "name"), FREE, ids=lambda one: one)
def test_a_default_that_is_free_costs_nothing(task, name, hand_in, grade):
    assert _graded(task, name, hand_in, grade).outcome == PASSED


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("bells.encoder_loss", "image_weight"),
        ("bells.invert_best_of", "optimizer"),
        ("latents.mean_w", "num_samples"),
    ],
)
def test_the_default_is_named_and_nothing_else_is_said(task, name, hand_in, grade):
    verdict = _graded(task, name, hand_in, grade)
    assert f"without {name} " in told(verdict)
    assert {check.failure.kind for check in verdict.failures} == {"default"}
    assert "no known mistake" not in told(verdict)


def _graded(task, name, hand_in, grade):
    changed = {function(task).module: with_another_default(task, name)}
    return grade(hand_in(on_top_of=ROOT / "reference", **changed), [task])[task]
