"""What a student is told of a function that did not pass, or has remarks: in pieces, which every format lays out its way."""

import re
from collections.abc import Set
from dataclasses import dataclass, field, replace

from ..verdicts import Failure, Verdict
from .because import because

SHORT = 160  # characters of what was expected and what came, where they stand in one line


@dataclass(frozen=True)
class Property:
    """One that does not hold, and what showed it."""

    title: str
    summary: str = ""
    rows: list[tuple[str, str]] = field(default_factory=list)  # "called", "expected", "got" …

    def lines(self) -> list[str]:
        rows = [f"    {label:<9} {text}" for label, text in self.rows]
        return [f"✗ {self.title}", *([f"  {self.summary}"] if self.summary else []), *rows]


@dataclass(frozen=True)
class Told:
    lead: list[str] = field(default_factory=list)  # what it has to do with other functions, or why no more is known
    seen: list[tuple[str, str]] = field(default_factory=list)  # what is known of the mistake, under a label
    properties: list[Property] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    in_the_kit: str = ""

    def lines(self) -> list[str]:
        lines = [*self.lead, *(f"{label}: {text}" if label else text for label, text in self.seen)]
        lines += [line for one in self.properties for line in one.lines()]
        lines += [f"remark: {said}" for said in self.remarks]
        return [*lines, f"in your kit: {self.in_the_kit}"] if self.in_the_kit else lines


def tell(verdict: Verdict, hints: str, unnamed: Set[str] = frozenset()) -> Told:
    """As much as ``hints`` allows, without the names of these functions."""
    others = because(verdict, unnamed)
    if verdict.carried:
        return Told([others])  # what its own checks saw is about those
    if verdict.reason and not others:
        return Told([verdict.reason])
    said = Told([others] if others else [])
    if hints == "none":
        return said
    failures = [(check.title, check.failure) for check in verdict.failures if check.failure is not None]
    if hints == "mistake":
        # One block with numbers is read; ten are not. The rest has a line each.
        properties = [(_in_full if i == 0 else _in_a_line)(*one) for i, one in enumerate(failures)]
        said = replace(said, seen=_named(verdict), properties=properties, remarks=verdict.remarks)
    else:
        said = replace(said, properties=[Property(title) for title, _ in failures])
    return replace(said, in_the_kit=_in_the_kit(verdict, " ".join(said.lines())))


def _in_the_kit(verdict: Verdict, told: str) -> str:
    """Where the course's own kit asks for this, and how it calls what was told of."""
    if not (told and verdict.asked_in):
        return ""
    names = [f"{name} is {own}" for name, own in verdict.words.items() if re.search(rf"\b{re.escape(name)}\b", told)]
    return verdict.asked_in + f"; there {', '.join(names)}" * bool(names)


def _in_full(title: str, failure: Failure) -> Property:
    return Property(title, failure.summary, failure.lines())


def _in_a_line(title: str, failure: Failure) -> Property:
    expected, got = (text.split("; it begins")[0] for text in (failure.expected, failure.got))
    place = got.partition(" at ")[2]
    both = f": expected {expected.removesuffix(f' at {place}')}, got {got}"
    short = bool(expected and got) and len(both) <= SHORT
    line = f", at {failure.where[-1]}" if failure.where else ""
    return Property(title, failure.summary + both * short + line)


def _named(verdict: Verdict) -> list[tuple[str, str]]:
    """What was seen and what is known of it; where that is nothing, the smallest call that shows the failure."""
    seen = [("what your code does", finding.student) for finding in verdict.reading]
    for number, mistake in enumerate(verdict.mistakes, 1):
        which = f" ({number} of {len(verdict.mistakes)} that fit)" if len(verdict.mistakes) > 1 else ""
        seen.append((f"what is wrong{which}", mistake))
    seen += [("where", verdict.repair.student)] if verdict.repair is not None else []
    return seen or ([("", verdict.unexplained)] if verdict.unexplained else [])
