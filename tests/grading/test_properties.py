"""Properties: which examples a check is tried on, and what becomes of those that a course's kit cannot be asked."""

import inspect

import pytest
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from grading.checking.checks import draws
from grading.checking.checks.properties import holds_for, noting_failures
from grading.sandbox.student import NotAsked
from grading.verdicts import Failure

numbers = st.integers(0, 10**6)


def asked(student, seed=7, test=None):
    """The numbers that a property was tried on, in their order."""
    tried = []

    @holds_for(number=numbers)
    def property(student, number):
        tried.append(number)
        if test is not None:
            test(number)

    property(student=student, seed=seed)
    return tried


def test_the_seed_gives_the_examples():
    first = asked(None)
    assert len(first) == len(set(first)) == 4 and first[0] == 0, "the simplest one comes first"
    assert asked(None) == first != asked(None, seed=8)


def test_each_time_an_example_is_as_it_was_drawn():
    """A source of random inputs is used up by one asking, and is there anew for the next."""
    came = []

    @holds_for(draw=draws)
    def property(student, draw):
        came.append(draw.number(0, 1))

    property(student=None, seed=7)
    property(student=None, seed=7)
    assert came[:4] == came[4:] and len(set(came)) == 4


def test_it_ends_at_the_first_that_fails_which_is_a_test_of_its_own():
    examples, failed, tried = asked(None), [], []

    @holds_for(number=numbers)
    def property(student, number):
        tried.append((student, number))
        if number == examples[2]:
            raise Failure("wrong")

    with noting_failures(failed.append), pytest.raises(Failure):
        property(student="first", seed=7)
    assert [number for _, number in tried] == examples[:3]
    with pytest.raises(Failure):
        failed[0]("second")
    assert len(failed) == 1 and tried[-1] == ("second", examples[2])


def test_another_example_is_drawn_for_each_that_is_not_asked():
    examples = asked(None)

    def not_the_second(number):
        if number == examples[1]:
            raise NotAsked

    tried = asked(None, test=not_the_second)
    assert tried[:2] == examples[:2] and len(set(tried)) == 5, "four are asked, and none of them twice"


def test_a_failure_after_one_that_is_not_asked():
    examples, tried = asked(None), []

    def wrong_after(number):
        tried.append(number)
        raise NotAsked if number == examples[0] else Failure("wrong")

    with pytest.raises(Failure):
        asked(None, test=wrong_after)
    assert len(set(tried)) == 2, "it ends there"


def test_where_nothing_is_asked_there_is_no_verdict():
    def never(number):
        raise NotAsked

    with pytest.raises(Unsatisfiable):
        asked(None, test=never)


def test_pytest_hands_over_what_is_not_drawn_and_the_seed():
    @holds_for(number=numbers)
    def property(student, number, order):
        pass

    assert list(inspect.signature(property).parameters) == ["student", "order", "seed"]
