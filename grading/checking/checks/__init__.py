"""The checks: ordinary pytest tests, one file per module of the contract, run on the trusted side.

``student`` is the graded function; calling it runs the submission's code in its own process. A test's docstring is the
property as a student reads it. Adding a check to the grader is adding a test here.
"""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from ...sandbox.student import NotAsked
from ..points import Draw


def grades(task: str):
    """Mark a test, or a class of them, as part of the verdict on one graded function."""
    return pytest.mark.grades(task)


# A check of plain results: whatever goes wrong there may stand under its title.
plain = pytest.mark.plain

draws = st.integers(0, 2**32 - 1).map(Draw)
shapes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(3, 6), st.integers(3, 7))
steps = st.integers(1, 999).flatmap(lambda t: st.tuples(st.just(t), st.integers(-1, t - 1)))
levels = st.integers(0, 999)

_profile = settings(
    max_examples=4,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)


def holds_for(**strategies: st.SearchStrategy) -> Callable[[Callable], Callable]:
    """A property: it is tried on several examples, the simplest first, drawn from the run's seed."""

    def property(test: Callable) -> Callable:
        @functools.wraps(test)
        def asked(*arguments: Any, **drawn: Any) -> None:
            try:
                test(*arguments, **drawn)
            except NotAsked:  # by this kit: another example is drawn
                reject()

        return _profile(given(**strategies)(asked))

    return property
