"""Every default of every function, changed in a copy of the reference: the function fails."""

import pytest

from grading.audit.defaults import EVERY, OTHER, with_another_default
from grading.contract.functions import function
from grading.paths import ROOT
from grading.verdicts import FAILED

from .conftest import told


def test_every_default_has_another_value():
    assert {name for _, name in EVERY} == OTHER.keys()


@pytest.mark.slow
@pytest.mark.parametrize(("task", "name"), EVERY, ids=lambda one: one)
def test_another_default_fails(task, name, hand_in, grade):
    changed = {function(task).module: with_another_default(task, name)}
    verdict = grade(hand_in(on_top_of=ROOT / "reference", **changed), [task])[task]
    assert verdict.outcome == FAILED
    kinds = {check.failure.kind for check in verdict.failures}
    # Samples that are counted, and a mask that is there, are seen elsewhere.
    assert "default" in kinds or name in ("num_samples", "mask", "in_channels"), told(verdict)
