"""What the store of a class says of each student, and which row of a gradebook is theirs."""

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..batch.index import people
from ..batch.store import GRADED, Store
from ..verdicts import BY_HAND, NOT_GRADED, Unusable


@dataclass(frozen=True)
class Student:
    key: str  # of the hand-in
    name: str
    ids: Mapping[str, str]
    points: float | None  # None where not all of them are known
    of: float
    why: str  # … and why not

    def __str__(self) -> str:
        return f"{self.name} ({self.key})"


@dataclass(frozen=True)
class Class:
    out: Path
    document: dict[str, Any]

    @property
    def entries(self) -> list[dict[str, Any]]:
        return self.document["hand_ins"]

    @property
    def students(self) -> list[Student]:
        return [_student(entry, name, ids) for entry in self.entries for name, ids in people(entry)]

    def results(self, entry: dict[str, Any]) -> dict[str, Any]:
        """What was written of a hand-in that was graded."""
        try:
            return Store(self.out).results(entry["key"])
        except (OSError, ValueError) as error:
            path = Store(self.out).folder(entry["key"])
            raise Unusable(
                f"{path}: its results cannot be read: {error}; the same `class` command makes them anew"
            ) from error


def read(out: Path) -> Class:
    path = out / "class.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document["hand_ins"], list):
            raise ValueError("its hand_ins are no list")
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}; expected what `class --out` has written") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path}: expected the table of a class, as `class --out` writes it: {error}") from error
    return Class(out, document)


def _student(entry: dict[str, Any], name: str, ids: Mapping[str, str]) -> Student:
    if entry["state"] != GRADED:
        return Student(entry["key"], name, ids, None, 0.0, f"{entry['state']}: {entry['reason']}")
    points = entry["points"]
    for verdict, why in ((NOT_GRADED, "not graded"), (BY_HAND, "a person has to look at it")):
        tasks = [task for task, came in entry["functions"].items() if came["verdict"] == verdict]
        if tasks:
            return Student(entry["key"], name, ids, None, points["automatic"], f"{why}: {', '.join(tasks)}")
    return Student(entry["key"], name, ids, points["reached"], points["automatic"], "")


Ways = Sequence[tuple[Callable[[Student], Iterable[str]], Sequence[str]]]  # what a student is called, and each row


def rows_of(students: Sequence[Student], ways: Ways) -> tuple[dict[int, Student], list[tuple[Student, str]]]:
    """Row → student, and the others with the reason. Of the ways the first is the system's own number, which decides alone
    where it is known; else it is the first way that says anything, as it is for importers.

    Nobody gets a row that another one claims, too, or that is one of several of the same name.
    """
    claims: dict[int, list[Student]] = defaultdict(list)
    left: list[tuple[Student, str]] = []
    for student in students:
        own_number = any(ways[0][0](student))
        found = next(
            filter(None, (_found(called(student), row) for called, row in ways[: 1 if own_number else None])), []
        )
        if len(found) == 1:
            claims[found[0]].append(student)
        else:
            left.append(
                (student, f"{len(found)} rows have this name" if found else "no row has these ids or this name")
            )
    for row, own in list(claims.items()):
        if len(own) > 1:
            left += [(one, f"{len(own)} hand-ins are for one row: {', '.join(two.key for two in own)}") for one in own]
            del claims[row]
    return {row: own[0] for row, own in claims.items()}, left


def _found(called: Iterable[str], rows: Sequence[str]) -> list[int]:
    names = {plain(one) for one in called} - {""}
    return [i for i, one in enumerate(rows) if plain(one) in names]


def plain(text: str) -> str:
    """One way to write it: é is one character or two, and spaces are not counted."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def tally(came: Iterable[str]) -> str:
    """ "3 passed, 1 failed" """
    return ", ".join(f"{number} {verdict}" for verdict, number in Counter(came).items())
