"""What a grading looks like: rows that every format shares, the terminal's tables, Gradescope's results.json.

Everything that a row holds of a submission has passed ``quoted``; so have the notes, where they are shown.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from ..contract.courses import Course, Item
from ..verdicts import BY_HAND, NOT_GRADED, PASSED, Failure, Verdict
from .because import because
from .quoted import quoted

SHORT = 160  # characters of what was expected and what came, where they stand in one line


@dataclass(frozen=True)
class Row:
    item: Item
    verdict: Verdict | None  # None for what a person grades, or what has not been graded yet
    forgives: bool = False  # what fails because of another function keeps its points
    counts_terms: bool = False  # the right terms of a wrong formula have their share

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

    def lines(self, hints: str) -> list[str]:
        """What stands under a function that did not pass: what it has points for, and why not for all."""
        assert self.verdict is not None
        lines, terms = explain(self.verdict, hints), self.verdict.terms
        if self.verdict.carried and self.forgives:
            return [f"{lines[0]}; its points are not lost by that", *lines[1:]]
        if terms is not None and self.counts_terms:
            one = "the weight of" if len(terms.right) == 1 else "the weights of"
            said = f"{len(terms.right)} of {terms.number} terms are right: {one} {' and '.join(terms.right)}"
            return [f"{said}; {number(self.score or Fraction(0))} of {number(self.item.points)} points", *lines]
        return lines


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
    others = because(verdict)
    if verdict.carried:
        return [others]  # what its own checks saw is about those
    if verdict.reason and not others:
        return [verdict.reason]
    lines = [others] if others else []
    if hints == "none":
        return lines
    lines += _named(verdict) if hints == "mistake" else []
    for i, check in enumerate(verdict.failures):
        assert check.failure is not None
        lines.append(f"✗ {check.title}")
        if hints == "mistake":
            # One block with numbers is read; ten are not. The rest has a line each.
            lines += [f"  {line}" for line in (_in_full if i == 0 else _in_a_line)(check.failure)]
    lines += [f"remark: {said}" for said in verdict.remarks if hints == "mistake"]
    return lines + _in_the_kit(verdict, " ".join(lines)) if lines else lines


def _in_the_kit(verdict: Verdict, told: str) -> list[str]:
    """Where the course's own kit asks for this, and how it calls what was told of."""
    names = [f"{name} is {own}" for name, own in verdict.words.items() if re.search(rf"\b{re.escape(name)}\b", told)]
    return (
        [f"in your kit: {verdict.asked_in}" + f"; there {', '.join(names)}" * bool(names)] if verdict.asked_in else []
    )


def _in_full(failure: Failure) -> list[str]:
    return [failure.summary, *(f"  {label:<9} {text}" for label, text in failure.lines())]


def _in_a_line(failure: Failure) -> list[str]:
    expected, got = (text.split("; it begins")[0] for text in (failure.expected, failure.got))
    place = got.partition(" at ")[2]
    both = f": expected {expected.removesuffix(f' at {place}')}, got {got}"
    short = bool(expected and got) and len(both) <= SHORT
    line = f", at {failure.where[-1]}" if failure.where else ""
    return [failure.summary + both * short + line]


def _named(verdict: Verdict) -> list[str]:
    """What was seen and what is known of it; where that is nothing, the smallest call that shows the failure."""
    lines = [f"what your code does: {finding.student}" for finding in verdict.reading]
    for number, mistake in enumerate(verdict.mistakes, 1):
        which = f" ({number} of {len(verdict.mistakes)} that fit)" if len(verdict.mistakes) > 1 else ""
        lines.append(f"what is wrong{which}: {mistake}")
    lines += [f"where: {verdict.repair.student}"] if verdict.repair is not None else []
    return lines or ([verdict.unexplained] if verdict.unexplained else [])


def importing(verdict: Verdict) -> Failure | None:
    """What came up while the submission was imported, if that is why the function failed."""
    return next((check.failure for check in verdict.failures if check.failure and check.failure.importing), None)
