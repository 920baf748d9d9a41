"""Every mistake of the catalogue costs its function's points, and where the grader names a mistake it is the right one.

The catalogue is graded in rounds: the first hands in the first mistake of every function at once, the second the
second, and so on. Functions are graded independently of each other, so that a round is thirty gradings in one.
"""

from collections import Counter
from functools import partial

import pytest

from grading.audit import submissions
from grading.audit.rounds import in_rounds
from grading.contract.functions import all_tasks
from grading.diagnosis.mistakes import catalogue, mistake
from grading.paths import ROOT
from grading.verdicts import FAILED

from .conftest import told

CATALOGUE = catalogue()

ROUNDS = [list(made.values()) for made in in_rounds(CATALOGUE, lambda mistake: mistake.task)]
ROUND = {(mistake.task, mistake.name): i for i, made in enumerate(ROUNDS) for mistake in made}


@pytest.fixture(scope="session")
def verdict_on(grade, tmp_path_factory):
    """The verdict on a submission that makes this mistake; a round is graded when its first verdict is asked for."""
    rounds = {}

    def verdict_on(mistake):
        number = ROUND[mistake.task, mistake.name]
        if number not in rounds:
            made = ROUNDS[number]
            folder = submissions.of_mistakes(made, tmp_path_factory.mktemp("round") / "mistaken")
            rounds[number] = grade(folder, [mistake.task for mistake in made])
        return rounds[number][mistake.task]

    return verdict_on


# In the order of the rounds, so that -x stops early and a round's verdicts need not be kept for long.
@pytest.mark.parametrize(
    "mistake", sorted(CATALOGUE, key=lambda m: ROUND[m.task, m.name]), ids=lambda m: f"{m.task}-{m.name}"
)
def test_a_mistake_costs_its_function(mistake, verdict_on):
    verdict = verdict_on(mistake)
    assert verdict.outcome == FAILED, f"{mistake.staff}: {verdict.outcome} {verdict.reason}"
    assert verdict.defined_at.startswith("code.zip/mistakes/")
    assert told(verdict)
    if verdict.mistakes:
        assert mistake.student in verdict.mistakes


def test_most_mistakes_are_named(verdict_on):
    verdicts = map(verdict_on, CATALOGUE)
    diagnosed = [verdict.task for verdict in verdicts if verdict.mistakes or verdict.reading]
    assert len(diagnosed) >= 0.95 * len(CATALOGUE)


def test_every_function_has_at_least_five_mistakes():
    counts = Counter(mistake.task for mistake in CATALOGUE)
    assert counts.keys() == set(all_tasks())
    assert min(counts.values()) >= 5


def test_every_mistake_has_a_name_of_its_own():
    assert len(ROUND) == len(CATALOGUE)


def test_a_docstring_of_several_lines_is_told_in_one():
    (made,) = [made for made in CATALOGUE if made.name == "dps_gradient_at_x0_hat"]
    assert made.student.endswith("so the network's part of the chain rule is missing. At which image is it asked for?")
    assert made.staff == "gradient with respect to x0_hat (the network's Jacobian missing)"


def test_a_mistake_without_words_is_an_error_that_names_it():
    def silent(x):
        return x

    def told(x):
        """Nothing is cut out."""
        return x

    rand_cutout, before = partial(mistake, "augment.rand_cutout"), len(CATALOGUE)
    with pytest.raises(TypeError, match=r"test_mistakes\.silent: students are told nothing"):
        rand_cutout("nothing cut out")(silent)
    with pytest.raises(TypeError, match=r"test_mistakes\.told: staff are told nothing"):
        rand_cutout("")(told)
    with pytest.raises(TypeError, match=r"test_mistakes\.told: the decorator lacks what staff are told"):
        rand_cutout(told)
    assert len(CATALOGUE) == before


def test_the_right_implementation_has_no_diagnosis(grade):
    verdicts = grade(ROOT / "reference", ["ddpm.posterior_step"])
    assert not verdicts["ddpm.posterior_step"].mistakes
