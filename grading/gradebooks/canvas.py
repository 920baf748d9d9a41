"""Canvas: the instructor's own export with one column filled, and the zip that "Upload feedback" takes.

What is relied on is how Canvas reads them (gradebook_importer.rb, Assignment#infer_comment_context_from_filename): students
by ID, else by their SIS ids, else by name; an assignment by the number in its header; "" is no change, "EX" and "N/A" are
not ours to change. Of a feedback file's name the first two parts that are numbers are the user and the attachment.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..batch.hand_ins.canvas import ATTACHED
from ..verdicts import Unusable
from .graded import Class, Student, Ways, rows_of
from .sheet import Sheet, read

EXPECTED = "a gradebook that Canvas has exported"
REPORT = "report.html"
_ASSIGNMENT = re.compile(r"(.*)\s\((\d+)\)", re.DOTALL)
_TOTALS = re.compile(
    r"(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade)"
)  # an assignment of such a name is one, too
_KEPT = ("EX", "N/A")
_POINTS = "Points Possible"
_READ_ONLY = "(read only)"
_ABOVE = 4  # rows, among which that of the points is: one of what is muted may go before it


def filled(graded: Class, path: Path, column: str) -> tuple[bytes, list[str]]:
    """The export with one column filled, and what is to be said of it."""
    sheet = read(path, EXPECTED)
    _expect_an_export(sheet)
    possible = next((row for row in range(1, min(len(sheet.rows), _ABOVE)) if _POINTS in sheet.value(row, 0)), 0)
    target = _column(sheet, possible, column)
    students = range(possible + 1, len(sheet.rows))
    found, left = rows_of(graded.students, _ways(sheet, list(students)))
    notes = [f"{one}: {why}" for one, why in left]
    assignments = [i for i, name in enumerate(sheet.header) if _ASSIGNMENT.fullmatch(name)]
    for number, student in sorted(found.items()):
        row = students[number]
        if target >= len(sheet.rows[row]):
            notes.append(f"{student}: the row is shorter than the header")
        elif (stands := sheet.value(row, target).strip()) in _KEPT:
            notes.append(f"{student}: {stands} stands there and is kept")
        elif student.points is None:
            notes.append(f"{student}: {student.why}")
        else:
            sheet.put(row, target, sheet.number(student.points, assignments))
    notes += _other_points(sheet, possible, target, found.values())
    return sheet.bytes(), [f"column {sheet.header[target]}", *notes]


def _expect_an_export(sheet: Sheet) -> None:
    header = sheet.header
    if len(header) < 4 or "Student" not in header[0] or "ID" not in header[1] or "Section" not in header:
        raise Unusable(f"{sheet.path}: expected {EXPECTED}: the columns Student, ID, … Section and an assignment")


def _column(sheet: Sheet, possible: int, asked: str) -> int:
    """The assignment whose title, with or without its number, or whose number was asked for; or the only one."""
    columns = {
        i: name
        for i, name in enumerate(sheet.header)
        if i > sheet.header.index("Section")
        and _ASSIGNMENT.fullmatch(name)
        and not _TOTALS.search(name)
        and not (possible and _READ_ONLY in sheet.value(possible, i))
    }
    wanted = [i for i, name in columns.items() if not asked or asked in _called(name)]
    if len(wanted) != 1:
        known = "; ".join(columns.values()) or "none that can be filled"
        raise Unusable(
            f"{sheet.path}: expected --column to name one of its assignments, got {asked!r}; there are {known}"
        )
    return wanted[0]


def _called(name: str) -> tuple[str, ...]:
    match = _ASSIGNMENT.fullmatch(name)
    return (name, match[1], match[2]) if match is not None else (name,)


def _ways(sheet: Sheet, rows: list[int]) -> Ways:
    def column(name: str) -> list[str]:
        place = sheet.column(name)
        return [sheet.value(row, place).strip() for row in rows]

    login = column("SIS Login ID")
    students = [sheet.value(row, 0) for row in rows]
    return [
        (lambda one: [one.ids.get("user", "")], [sheet.value(row, 1).strip() for row in rows]),
        (lambda one: [one.ids.get("sid", "")], column("SIS User ID")),
        (lambda one: [one.ids.get("username", ""), one.ids.get("email", "")], login),
        (lambda one: [one.name], students),
        (lambda one: [one.name], [" ".join(reversed(name.split(", ", 1))) for name in students]),
    ]


def _other_points(sheet: Sheet, possible: int, target: int, students: Iterable[Student]) -> Iterator[str]:
    """Where Canvas expects as many points as nobody can reach here, or fewer."""
    stands = sheet.value(possible, target).strip().replace(",", ".") if possible else ""
    reachable = {f"{one.of:g}" for one in students if one.points is not None}
    if re.fullmatch(r"\d+(\.\d+)?", stands) and reachable - {f"{float(stands):g}"}:
        yield f"points possible: Canvas has {float(stands):g}, what was graded here is of {', '.join(sorted(reachable))}"


def feedback_name(entry: dict[str, Any]) -> str:
    """What the report on a hand-in is called, so that Canvas finds whose it is; nothing where it would not."""
    for name in entry["files"]:
        match = ATTACHED.fullmatch(name)
        if match is not None and match["user"]:
            called = f"{name.removesuffix(match['display'])}{REPORT}"
            numbers = [part for part in called.split("_") if re.fullmatch(r"\d+", part)]
            if numbers[:2] == [match["user"], match["file"]]:
                return called
    return ""
