"""Every mistake of the catalogue costs its function's points, and where the grader names a mistake it is the right one.

The catalogue is graded in rounds: the first hands in the first mistake of every function at once, the second the
second, and so on. Functions are graded independently of each other, so that a round is thirty gradings in one.
"""

from collections import Counter

import pytest

from grading.audit import submissions
from grading.audit.rounds import in_rounds
from grading.contract.functions import all_tasks
from grading.diagnosis.mistakes import catalogue
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


def test_the_right_implementation_has_no_diagnosis(grade):
    verdicts = grade(ROOT / "reference", ["ddpm.posterior_step"])
    assert not verdicts["ddpm.posterior_step"].mistakes
