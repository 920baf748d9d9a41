"""The checks: ordinary pytest tests, one file per module of the contract, run on the trusted side.

``student`` is the graded function; calling it runs the submission's code in its own process. A test's docstring is the
property as a student reads it. Adding a check to the grader is adding a test here.
"""

import pytest
from hypothesis import strategies as st

from ..points import Draw
from .properties import holds_for

__all__ = ["draws", "grades", "holds_for", "levels", "plain", "shapes", "steps"]


def grades(task: str):
    """Mark a test, or a class of them, as part of the verdict on one graded function."""
    return pytest.mark.grades(task)


# A check of plain results: whatever goes wrong there may stand under its title.
plain = pytest.mark.plain

draws = st.integers(0, 2**32 - 1).map(Draw)
shapes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(3, 6), st.integers(3, 7))
steps = st.integers(1, 999).flatmap(lambda t: st.tuples(st.just(t), st.integers(-1, t - 1)))
levels = st.integers(0, 999)
