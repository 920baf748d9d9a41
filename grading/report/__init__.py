"""What a grading looks like: rows that every format shares, the terminal's tables, Gradescope's results.json.

Everything that a row holds of a submission has passed ``quoted``; so have the notes, where they are shown. What staff alone are
told stands in ``staff``; a whole class has its ``atlas/`` of mistakes and its ``class_page/``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from ..contract.courses import Course, Item
from ..verdicts import BY_HAND, NOT_GRADED, NOT_IMPLEMENTED, PASSED, Failure, Verdict
from .quoted import quoted
from .words import Told, tell


@dataclass(frozen=True)
class Row:
    item: Item
    verdict: Verdict | None  # None for what a person grades, or what has not been graded yet
    forgives: bool = False  # what fails because of another function keeps its points
    counts_terms: bool = False  # the right terms of a wrong formula have their share
    unnamed: frozenset[str] = frozenset()  # functions that are not named in what is told

    @property
    def by_hand(self) -> bool:
        """Whether a person gives its points: the handout says so, or the grader cannot reach the code."""
        return not self.item.function or (self.verdict is not None and self.verdict.outcome == BY_HAND)

    @property
    def score(self) -> Fraction | None:
        """All, nothing, or the share of the terms that are right; none where the grader is at fault or a person looks."""
        if self.verdict is None or self.verdict.outcome in (NOT_GRADED, BY_HAND):
            return None
        if self.verdict.outcome == PASSED or (self.verdict.carried and self.forgives):
            return self.item.points
        terms = self.verdict.terms if self.counts_terms else None
        return _floor(self.item.points * len(terms.right) / terms.number) if terms is not None else Fraction(0)

    def told(self, hints: str) -> Told:
        """What stands under a function that did not pass: what it has points for, and why not for all."""
        assert self.verdict is not None
        all_of_it, terms = tell(self.verdict, hints, self.unnamed), self.verdict.terms
        if self.verdict.carried and self.forgives:
            lead = [f"{one}; its points are not lost by that" for one in all_of_it.lead]
            return replace(all_of_it, lead=lead)
        if terms is not None and self.counts_terms:
            one = "the weight of" if len(terms.right) == 1 else "the weights of"
            said = f"{len(terms.right)} of {terms.number} terms are right: {one} {' and '.join(terms.right)}"
            points = f"{number(self.score or Fraction(0))} of {number(self.item.points)} points"
            return replace(all_of_it, lead=[f"{said}; {points}", *all_of_it.lead])
        return all_of_it

    def lines(self, hints: str) -> list[str]:
        return self.told(hints).lines()


def _floor(points: Fraction) -> Fraction:
    """To hundredths of a point, so that what is shown is what counts."""
    return Fraction(int(points * 100), 100)


def rows(course: Course, verdicts: dict[str, Verdict]) -> list[Row]:
    shown = {task: quoted(verdict) for task, verdict in verdicts.items()}
    return [Row(item, shown.get(item.function), course.forgives, course.counts_terms) for item in course.items]


def totals(course: Course, table: list[Row]) -> tuple[Fraction, Fraction, Fraction]:
    """(points reached, points that could be reached automatically, points that a person gives).

    A person gives no more than what the handout leaves of a part: extra credit lists more than it counts.
    """
    reached = sum((row.score for row in table if row.score is not None), Fraction(0))
    automatic, by_hand = Fraction(0), Fraction(0)
    for part, most in course.parts.items():
        members = [row for row in table if row.item.part == part]
        graded = sum((row.item.points for row in members if not row.by_hand), Fraction(0))
        automatic += graded
        by_hand += min(sum((row.item.points for row in members if row.by_hand), Fraction(0)), most - graded)
    return reached, automatic, by_hand


def number(points: Fraction) -> str:
    """Points as people write them: at most two decimals."""
    return f"{float(points):.2f}".rstrip("0").rstrip(".")


def explain(verdict: Verdict, hints: str) -> list[str]:
    """The lines under a function that did not pass, or has remarks: as much as ``hints`` allows."""
    return tell(verdict, hints).lines()


def importing(verdict: Verdict) -> Failure | None:
    """What came up while the submission was imported, if that is why the function failed."""
    return next((check.failure for check in verdict.failures if check.failure and check.failure.importing), None)


def blocks(table: list[Row], hints: str) -> Iterator[tuple[Row, Told]]:
    """The functions of which more is to be said than what the table says, and what that is.

    Why a submission cannot be imported is said once, under the first function that fails by it.
    """
    first: dict[str, str] = {}
    for row in table:
        verdict = row.verdict
        if verdict is None or (verdict.outcome == PASSED and not verdict.remarks):
            continue
        said = row.told(hints)
        failed = importing(verdict) if hints == "mistake" else None
        if failed is not None and first.setdefault(str(failed), verdict.task) != verdict.task:
            said = Told([f"not imported either: see {first[str(failed)]} above"])
        if _unwritten(verdict) or verdict.out_of_time or not said.lines():
            continue  # the table says it
        yield row, said


def _unwritten(verdict: Verdict) -> bool:
    """Whether there is nothing to say of it but that; one that calls another has a sentence about that one."""
    return verdict.outcome == NOT_IMPLEMENTED and not verdict.unwritten


def gaps(table: list[Row]) -> dict[str, list[str]]:
    """Where a kit's gaps are, and what of it was not handed in: each place with the functions that it costs."""
    places: dict[str, list[str]] = {}
    for row in table:
        if row.verdict is not None and row.verdict.asked_in and _unwritten(row.verdict):
            places.setdefault(row.verdict.reason, []).append(row.verdict.task)
    return places
