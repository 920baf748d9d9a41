"""Which terms of a formula are right: what a course may give points for."""

from ..verdicts import Terms
from .readback import Reading
from .readback.sums import Read


def right_terms(formula: Reading | None) -> Terms | None:
    """Of a formula that was read back as a sum, and explains every answer; none where nothing is proven.

    A term that does not belong there counts as a wrong one. Of a single term nothing is right.
    """
    if not isinstance(formula, Read):
        return None
    right, wrong = formula.right_and_wrong()
    return Terms(right, len(right) + len(wrong)) if right and wrong else None
