"""Correct solutions, each in another style, get full marks on every function, whatever the inputs that are drawn."""

import pytest

from grading.paths import ROOT
from grading.verdicts import PASSED

from .conftest import SOLUTIONS, told

FOLDERS = [ROOT / "reference", *sorted(path for path in SOLUTIONS.iterdir() if path.is_dir())]


@pytest.mark.parametrize("seed", [1, 20241206])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_full_marks(folder, seed, grade):
    verdicts = grade(folder, seed=seed)
    lost = {task: told(verdict) for task, verdict in verdicts.items() if verdict.outcome != PASSED}
    assert not lost


def test_there_are_at_least_eight_besides_the_reference():
    assert len(FOLDERS) >= 9
