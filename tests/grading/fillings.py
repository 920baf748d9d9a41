"""What the tests of the kits share."""

from collections.abc import Iterable

import pytest


def first_of_each(rows: Iterable[tuple], task: int = 0) -> list:
    """Wrong fillings as parameters: the first one of each task, the others among the slow tests."""
    seen: set[str] = set()
    found = []
    for row in rows:
        again = row[task] in seen
        seen.add(row[task])
        found.append(pytest.param(*row, marks=[pytest.mark.slow] * again))
    return found
