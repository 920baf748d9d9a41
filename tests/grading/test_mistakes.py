"""A catalogued mistake costs its function's point and is named. The audit (`nox -s audit`) shows it of every one of them;
here one mistake of each function is handed in, all of them at once.
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

from .conftest import outcomes, told

CATALOGUE = catalogue()


@pytest.mark.usefixtures("unhurried")
def test_one_mistake_of_every_function_costs_it_and_is_named(grade, tmp_path):
    """One test, not one for each function: tests run side by side, and each side would grade them all."""
    mistakes = next(in_rounds(CATALOGUE, lambda mistake: mistake.task))
    assert mistakes.keys() == set(all_tasks())
    folder = submissions.of_mistakes(list(mistakes.values()), tmp_path / "mistaken")
    verdicts = grade(folder, list(mistakes))
    assert outcomes(verdicts) == dict.fromkeys(mistakes, FAILED)
    for task, verdict in verdicts.items():
        assert verdict.defined_at.startswith("code.zip/mistakes/")
        assert told(verdict)
        assert not verdict.mistakes or mistakes[task].student in verdict.mistakes, task
    diagnosed = [task for task, verdict in verdicts.items() if verdict.mistakes or verdict.reading]
    assert len(diagnosed) >= 0.9 * len(mistakes)


def test_every_function_has_at_least_five_mistakes():
    counts = Counter(mistake.task for mistake in CATALOGUE)
    assert counts.keys() == set(all_tasks())
    assert min(counts.values()) >= 5


def test_every_mistake_has_a_name_of_its_own():
    assert len({(mistake.task, mistake.name) for mistake in CATALOGUE}) == len(CATALOGUE)


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
