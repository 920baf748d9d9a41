"""Correct solutions, each in another style, get full marks on every function, whatever the inputs that are drawn.

The audit grades all of them as well, each time with a new seed.
"""

import pytest

from grading.paths import ROOT
from grading.verdicts import PASSED

from .conftest import PLAIN, SOLUTIONS, told

FOLDERS = [ROOT / "reference", *sorted(path for path in SOLUTIONS.iterdir() if path.is_dir())]


def assert_full_marks(verdicts):
    assert not {task: told(verdict) for task, verdict in verdicts.items() if verdict.outcome != PASSED}


def test_a_solution_by_another_hand_has_full_marks(grade):
    assert_full_marks(grade(PLAIN, seed=1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 20241206])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_full_marks(folder, seed, grade):
    assert_full_marks(grade(folder, seed=seed))


def test_there_are_at_least_eight_besides_the_reference():
    assert len(FOLDERS) >= 9
