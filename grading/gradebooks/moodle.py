"""Moodle: the grading worksheet of an assignment, and the zip that "Upload multiple feedback files in a zip" takes.

What is relied on is how Moodle reads them (mod/assign/feedback/offline, …/feedback/file): a student by the number of
``Identifier``; ``Grade`` and ``Feedback comments`` are taken where ``Last modified (grade)`` is what it was when the worksheet
was downloaded, so that it stays. Of a feedback file's folder the second part is the number, the next two the plugin.
"""

import re
from pathlib import Path
from typing import Any

from ..batch.index import cell
from ..batch.summary import visibility
from ..contract.courses import VISIBLE
from ..report.visible import NOTHING
from ..verdicts import Unusable
from .graded import Class, Student, Ways, rows_of, tally
from .sheet import Sheet, read

EXPECTED = "a grading worksheet that Moodle has made"
REPORT = "report.html"
NEEDED = ("Identifier", "Grade", "Last modified (grade)")
_COMMENTS, _CHANGEABLE = "Feedback comments", "Grade can be changed"
_FOLDER = re.compile(r"[^_]+_(?P<id>\d+)_assignsubmission_file_?", re.DOTALL)


def filled(graded: Class, path: Path, _column: str) -> tuple[bytes, list[str]]:
    """The worksheet with grades and a sentence for each, and what is to be said of it."""
    sheet = read(path, EXPECTED)
    missing = [name for name in NEEDED if sheet.column(name) is None]
    if missing:
        raise Unusable(f"{path}: expected {EXPECTED}: {', '.join(missing)} is missing; its columns have English names")
    grade, comments = sheet.column("Grade"), sheet.column(_COMMENTS)
    assert grade is not None
    functions = {one["key"]: list(one.get("functions", {}).values()) for one in graded.entries}
    found, left = rows_of(graded.students, _ways(sheet))
    notes = [f"{one}: {why}" for one, why in left]
    for number, student in sorted(found.items()):
        row = number + 1
        if max(grade, comments or 0) >= len(sheet.rows[row]):
            notes.append(f"{student}: the row is shorter than the header")
        elif sheet.value(row, sheet.column(_CHANGEABLE)).strip() == "No":
            notes.append(f"{student}: Moodle says that the grade cannot be changed")
        elif student.points is None:
            notes.append(f"{student}: {student.why}")
        else:
            numeric = (grade, sheet.column("Maximum grade"))
            sheet.put(row, grade, sheet.number(student.points, numeric))
            if comments is not None:
                sheet.put(row, comments, cell(_comment(student, functions[student.key])))
    return sheet.bytes(), notes


def _comment(student: Student, functions: list[dict[str, Any]]) -> str:
    """What students may see: points only where that is all."""
    shown = [one["verdict"] for one in functions if visibility(one) == VISIBLE]
    points = f"{student.points:g} of {student.of:g} points: " * (len(shown) == len(functions))
    return f"{points}{tally(shown)}" if shown else NOTHING


def _ways(sheet: Sheet) -> Ways:
    def column(name: str) -> list[str]:
        return [value.strip() for value in sheet.values(sheet.column(name))]

    numbers = [value.removeprefix("Participant").strip() for value in column("Identifier")]
    return [
        (lambda one: [one.ids.get("participant", "")], numbers),
        (lambda one: [one.ids.get("sid", "")], column("ID number")),
        (lambda one: [one.ids.get("email", "")], column("Email address")),
        (lambda one: [one.ids.get("username", "")], column("Username")),
        (lambda one: [one.name], column("Full name")),
    ]


def feedback_name(entry: dict[str, Any]) -> str:
    """Where the report on a hand-in lies, so that Moodle finds whose it is; nothing where it would not."""
    for name in entry["files"]:
        match = _FOLDER.match(name)
        if match is not None and match["id"] == entry["ids"].get("participant"):
            flat = name[match.end() :]  # a download without folders has what the file was called behind it
            return f"{match[0].rstrip('_')}_{REPORT}" if flat else f"{name}/{REPORT}"
    return ""
