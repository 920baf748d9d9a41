"""How often a correct solution of a random function is taken for a wrong one: never, in a thousand gradings.

The bound that the checks promise is far lower, 1e-7; this many gradings show that no check of theirs is much off it.
Deselected by default, since it takes minutes: `nox -s tests -- -m slow -n 2`.
"""

import pytest

from grading.paths import ROOT
from grading.verdicts import PASSED

from .conftest import SOLUTIONS, told

GRADINGS = 1000
RANDOM = [
    "augment.rand_cutout",
    "augment.diff_augment",
    "latents.mean_w",
    "latents.sample_z",
    "latents.sample_w",
    "latents.sample_w_plus",
]


@pytest.mark.slow
def test_a_correct_cutout_is_never_taken_for_a_wrong_one(grade):
    alarms = {}
    for seed in range(GRADINGS):
        verdict = grade(ROOT / "reference", ["augment.rand_cutout"], seed)["augment.rand_cutout"]
        if verdict.outcome != PASSED:
            alarms[seed] = told(verdict)
    assert not alarms


@pytest.mark.slow
@pytest.mark.parametrize(
    "folder", [ROOT / "reference", *sorted(p for p in SOLUTIONS.iterdir() if p.is_dir())], ids=lambda p: p.name
)
def test_no_random_function_of_any_style_is_taken_for_a_wrong_one(folder, grade):
    alarms = {}
    for seed in range(GRADINGS // 50):
        verdicts = grade(folder, RANDOM, seed)
        alarms |= {(seed, task): told(verdict) for task, verdict in verdicts.items() if verdict.outcome != PASSED}
    assert not alarms
