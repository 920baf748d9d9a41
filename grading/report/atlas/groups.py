"""Who makes the same mistake. Two functions are alike where they give the same values at everybody's points, or where the
same entries of the catalogue, or else the same formula read back, explain all their results. Where nothing of that is
known it has to do what fails, and how it is mended.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]  # of one failed function, as report/staff.py writes it
Key = tuple[Any, ...]
SAME = 1e-5  # of a result's size: two ways to write a formula are nearer to each other, also where one works in float32
HOW = CATALOGUED, READ, SAME_VALUES, FAILS = "the catalogue", "its formula", "its values", "what fails"
_PLACE = re.compile(r"^\S+: | and \S+:\d+: ")
_MEASURED = re.compile(r"\d+(\.\d+)?(e-?\d+)?")


@dataclass(frozen=True)
class Group:
    """Those who make one mistake in one function."""

    task: str
    members: tuple[str, ...]  # keys of hand-ins
    known_by: str  # what they have in common, for sure
    said: str  # what it is, for staff
    told: tuple[str, ...]  # what it is, as its members are told, without names and places
    example: str  # of whom the record is
    record: Record

    @property
    def is_catalogued(self) -> bool:
        return self.known_by == CATALOGUED


def groups(records: Mapping[str, Mapping[str, Record]]) -> list[Group]:
    """The largest first. ``records``: by hand-in, by failed function."""
    of_task: dict[str, dict[str, Record]] = defaultdict(dict)
    for key, functions in records.items():
        for task, record in functions.items():
            of_task[task][key] = record
    found = [
        _group(task, {key: own[key] for key in members}) for task, own in of_task.items() for members in alike(own)
    ]
    return sorted(found, key=lambda one: (-len(one.members), one.task, one.members))


def alike(records: Mapping[str, Record]) -> list[list[str]]:
    """Keys by mistake, of one function's records."""
    known: dict[Key, str] = {}  # what is known of one → who had it first
    standing: list[tuple[list[Any], str]] = []  # values, and who had them first
    first: dict[str, str] = {}

    def root(key: str) -> str:
        while first[key] != key:
            key = first[key]
        return key

    for key, record in records.items():
        first[key] = key
        others = {known.setdefault(one, key) for one in _keys(record)}
        if record["values"]:
            other = next((other for values, other in standing if same_values(values, record["values"])), None)
            if other is None:
                standing.append((record["values"], key))
            else:
                others.add(other)
        for other in others:
            first[root(key)] = root(other)
    members: dict[str, list[str]] = defaultdict(list)
    for key in records:
        members[root(key)].append(key)
    return list(members.values())


def _keys(record: Record) -> list[Key]:
    """What only those have in common who compute the same; where their values are there, a formula's words are exact."""
    if record["mistakes"]:
        return [(CATALOGUED, *sorted(record["mistakes"]))]
    if record["reading"]:
        texts = record["reading"] if record["values"] else [_MEASURED.sub("#", one) for one in record["reading"]]
        return [(READ, bool(record["values"]), *sorted(texts))]
    if record["values"]:
        return []
    raised = _MEASURED.sub("#", _summary(record)) if record["error"] else ""
    return [(FAILS, *sorted(record["fails"]), raised, *sorted(_edits(record))[:1])]


def _summary(record: Record) -> str:
    """What a failed check says."""
    return str(record["call"][0][1])


def _edits(record: Record) -> list[str]:
    """What was changed to mend it, without the places."""
    return [_PLACE.sub("", one) for one in record["repair"]]


def same_values(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """At all points that both were asked, and at one at least."""
    both = [(a, b) for a, b in zip(some, others) if a[0] and b[0]]
    return any(a[1] for a, _ in both) and all(a[0] == b[0] and _near(a[1], b[1]) for a, b in both)


def _near(some: Sequence[float], others: Sequence[float]) -> bool:
    allowed = SAME * max([*map(abs, some), *map(abs, others)], default=0.0)
    return len(some) == len(others) and all(
        math.isclose(a, b, rel_tol=0.0, abs_tol=allowed) for a, b in zip(some, others)
    )


def _group(task: str, records: Mapping[str, Record]) -> Group:
    """Of several records the one that says most is the example; of these the shortest code."""
    ranked = sorted(records, key=lambda key: (_known_by(records[key]), len(records[key]["code"]) or math.inf, key))
    example = records[ranked[0]]
    known_by = _known_by(example)
    told = example["told"] or example["fails"][:1]
    return Group(task, tuple(sorted(records)), HOW[known_by], _said(example), tuple(told), ranked[0], example)


def _known_by(record: Record) -> int:
    there = (record["mistakes"], record["reading"], record["values"], True)
    return next(number for number, one in enumerate(there) if one)


def _said(record: Record) -> str:
    if record["mistakes"]:
        return ", or ".join(dict.fromkeys(record["mistakes"].values()))
    fails = _summary(record) if record["error"] else record["fails"][0]
    return "; ".join(record["reading"]) or "; ".join(_edits(record)[:1]) or fails
