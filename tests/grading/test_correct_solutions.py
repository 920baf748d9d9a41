"""Correct solutions, each in another style, get full marks on every function, whatever the inputs that are drawn.

The audit grades all of them as well, each time with a new seed.
"""

import pytest

from grading.audit.completeness import written_in
from grading.contract.functions import FUNCTIONS
from grading.paths import ROOT
from grading.verdicts import PASSED

from .conftest import PLAIN, SOLUTIONS, told

COMPLETE = 52  # functions, when the first of them were written
FOLDERS = [ROOT / "reference", *sorted(path for path in SOLUTIONS.iterdir() if path.is_dir())]


def assert_full_marks(verdicts):
    assert not {task: told(verdict) for task, verdict in verdicts.items() if verdict.outcome != PASSED}


def test_a_solution_by_another_hand_has_full_marks(grade):
    assert_full_marks(grade(PLAIN, seed=1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 20241206])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_full_marks(folder, seed, grade):
    own = [function.task for function in FUNCTIONS if written_in(folder, function)]
    assert len(own) >= COMPLETE, "a solution is complete when it is written; what is graded later need not be in it"
    assert_full_marks(grade(folder, own, seed=seed))


def test_there_are_at_least_eight_besides_the_reference():
    assert len(FOLDERS) >= 9
