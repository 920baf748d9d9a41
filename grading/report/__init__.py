"""What a grading looks like: rows that every format shares, the terminal's tables, Gradescope's results.json."""

from dataclasses import dataclass
from fractions import Fraction

from ..contract.courses import Course, Item
from ..verdicts import NOT_GRADED, PASSED, Verdict

HINTS = ("none", "property", "mistake")  # how much a student is told: the verdict, which properties fail, everything


@dataclass(frozen=True)
class Row:
    item: Item
    verdict: Verdict | None  # None for what a person grades, or what has not been graded yet

    @property
    def score(self) -> Fraction | None:
        """All or nothing; no score at all where the grader was at fault."""
        if self.verdict is None or self.verdict.outcome == NOT_GRADED:
            return None
        return self.item.points if self.verdict.outcome == PASSED else Fraction(0)


def rows(course: Course, verdicts: dict[str, Verdict]) -> list[Row]:
    return [Row(item, verdicts.get(item.function)) for item in course.items]


def totals(course: Course, table: list[Row]) -> tuple[Fraction, Fraction, Fraction]:
    """(points reached, points that could be reached automatically, points that a person gives).

    A person gives no more than what the handout leaves of a part: extra credit lists more than it counts.
    """
    reached = sum((row.score for row in table if row.score is not None), Fraction(0))
    automatic, by_hand = Fraction(0), Fraction(0)
    for part, most in course.parts.items():
        members = [row.item for row in table if row.item.part == part]
        graded = sum((item.points for item in members if item.function), Fraction(0))
        automatic += graded
        by_hand += min(sum((item.points for item in members if not item.function), Fraction(0)), most - graded)
    return reached, automatic, by_hand


def number(points: Fraction) -> str:
    """Points as people write them: at most two decimals."""
    return f"{float(points):.2f}".rstrip("0").rstrip(".")


def explain(verdict: Verdict, hints: str) -> list[str]:
    """The lines under a function that did not pass: as much as ``hints`` allows."""
    if verdict.reason:
        return [verdict.reason]
    if hints == "none":
        return []
    lines = _named(verdict) if hints == "mistake" else []
    for i, check in enumerate(verdict.failures):
        assert check.failure is not None
        lines.append(f"✗ {check.title}")
        if hints == "mistake":
            lines.append(f"  {check.failure.summary}")
            # One block with numbers is read; ten are not. The rest is named by its property and summary.
            details = check.failure.lines() if i == 0 else []
            lines += [f"    {label:<9} {text}" for label, text in details]
    return lines


def _named(verdict: Verdict) -> list[str]:
    """What was read back and what is known of it; where that is nothing, the smallest call that shows the failure."""
    lines = [f"read back: {finding.student}" for finding in verdict.reading]
    lines += [f"likely mistake: {mistake}" for mistake in verdict.mistakes]
    lines += [verdict.repair.student] if verdict.repair is not None else []
    return lines or ([verdict.unexplained] if verdict.unexplained else [])
