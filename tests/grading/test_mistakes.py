"""Every mistake of the catalogue costs its function's points, and where the grader names a mistake it is the right one.

The catalogue is graded in rounds: the first hands in the first mistake of every function at once, the second the
second, and so on. Functions are graded independently of each other, so that a round is thirty gradings in one.
"""

import importlib
import shutil
from collections import Counter, defaultdict

import pytest

from grading.mistakes import CATALOGUE
from grading.tasks import MODULES, all_tasks
from grading.verdicts import FAILED
from grading.zygote import ROOT

from .conftest import told

for _module in MODULES:
    importlib.import_module(f"grading.mistakes.{_module}")

_of_task = defaultdict(list)
for _mistake in CATALOGUE:
    _of_task[_mistake.task].append(_mistake)
ROUND = {(m.task, m.name): i for mistakes in _of_task.values() for i, m in enumerate(mistakes)}


@pytest.fixture(scope="session")
def verdict_on(grade, tmp_path_factory):
    """The verdict on a submission that makes this mistake; a round is graded when its first verdict is asked for."""
    rounds = {}

    def hand_in(mistakes):
        folder = tmp_path_factory.mktemp("round") / "mistaken"
        for package in ("reference", "grading/mistakes"):
            shutil.copytree(
                ROOT / package, folder / ROOT.joinpath(package).name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for module in MODULES:
            lines = [
                f"from mistakes.{module} import {m.implementation.__name__} as {m.task.split('.')[1]}\n"
                for m in mistakes
                if m.task.startswith(f"{module}.")
            ]
            (folder / f"{module}.py").write_text("".join(lines), encoding="utf-8")
        return folder

    def verdict_on(mistake):
        number = ROUND[mistake.task, mistake.name]
        if number not in rounds:
            made = [mistakes[number] for mistakes in _of_task.values() if number < len(mistakes)]
            rounds[number] = grade(hand_in(made), [m.task for m in made])
        return rounds[number][mistake.task]

    return verdict_on


# In the order of the rounds, so that -x stops early and a round's verdicts need not be kept for long.
@pytest.mark.parametrize(
    "mistake", sorted(CATALOGUE, key=lambda m: ROUND[m.task, m.name]), ids=lambda m: f"{m.task}-{m.name}"
)
def test_a_mistake_costs_its_function(mistake, verdict_on):
    verdict = verdict_on(mistake)
    assert verdict.outcome == FAILED, f"{mistake.staff}: {verdict.outcome} {verdict.reason}"
    assert verdict.defined_at.startswith("mistakes/")
    assert told(verdict)
    if verdict.mistakes:
        assert mistake.student in verdict.mistakes


def test_most_mistakes_are_named(verdict_on):
    named = [mistake for mistake in CATALOGUE if verdict_on(mistake).mistakes]
    assert len(named) > 0.8 * len(CATALOGUE)


def test_every_function_has_at_least_five_mistakes():
    counts = Counter(mistake.task for mistake in CATALOGUE)
    assert counts.keys() == set(all_tasks())
    assert min(counts.values()) >= 5


def test_every_mistake_has_a_name_of_its_own():
    assert len(ROUND) == len(CATALOGUE)


def test_the_right_implementation_has_no_diagnosis(grade):
    verdicts = grade(ROOT / "reference", ["ddpm.posterior_step"])
    assert not verdicts["ddpm.posterior_step"].mistakes
