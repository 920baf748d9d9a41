"""What a class came to: its scores in tenths, and each function by its verdicts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ...contract.functions import all_tasks
from ...verdicts import FAILED, NOT_GRADED, NOT_IMPLEMENTED, PASSED
from ..atlas import Group

Entry = Mapping[str, Any]  # of class.json
TENTHS = 10


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    percent: float  # of the highest one


@dataclass(frozen=True)
class Rate:
    """One function, over those who were graded in it."""

    task: str
    passed: int
    failed: int
    missing: int
    not_graded: int
    most: Group | None  # the mistake that most make

    @property
    def percent(self) -> float | None:
        graded = self.passed + self.failed + self.missing
        return 100 * self.passed / graded if graded else None


def tasks(entries: Sequence[Entry]) -> list[str]:
    graded = {task for entry in entries for task in entry.get("functions", {})}
    return [task for task in all_tasks() if task in graded]


def _shares(entries: Sequence[Entry]) -> list[float]:
    points = [entry["points"] for entry in entries if "points" in entry]
    return [one["reached"] / one["automatic"] for one in points if one["automatic"]]


def distribution(entries: Sequence[Entry]) -> list[Bar]:
    """How many reached so much of what is graded automatically; who has all of it is counted apart."""
    counts = Counter(min(int(share * TENTHS + 1e-9), TENTHS) for share in _shares(entries))
    highest = max(counts.values(), default=1)
    labels = [f"{100 * i // TENTHS}–{100 * (i + 1) // TENTHS} %" for i in range(TENTHS)] + ["100 %"]
    return [Bar(label, counts[i], 100 * counts[i] / highest) for i, label in enumerate(labels)]


def middle(entries: Sequence[Entry]) -> float | None:
    """The median, in percent."""
    shares = _shares(entries)
    return 100 * median(shares) if shares else None


def asked(entries: Sequence[Entry]) -> Counter[str]:
    """How many have written a function that was graded."""
    verdicts = [(task, one["verdict"]) for entry in entries for task, one in entry.get("functions", {}).items()]
    return Counter(task for task, verdict in verdicts if verdict in (PASSED, FAILED))


def rates(entries: Sequence[Entry], groups: Sequence[Group]) -> list[Rate]:
    counts = Counter((task, one["verdict"]) for entry in entries for task, one in entry.get("functions", {}).items())
    most: dict[str, Group] = {}
    for group in groups:  # the largest first
        if len(group.members) > 1:
            most.setdefault(group.task, group)
    return [
        Rate(
            task,
            passed=counts[task, PASSED],
            failed=counts[task, FAILED],
            missing=counts[task, NOT_IMPLEMENTED],
            not_graded=counts[task, NOT_GRADED],
            most=most.get(task),
        )
        for task in tasks(entries)
    ]
