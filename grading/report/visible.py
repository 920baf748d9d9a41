"""What students are shown of a result, where a course file's ``visibility`` keeps some of it from them.

Gradescope is told and obeys. Whatever else students get knows no such words and is looked at once it is there, so that
in it only what is ``visible`` stands, as if the course asked for nothing else: no verdict, no points, no total of all.
"""

from dataclasses import replace
from typing import Any

from ..contract.courses import VISIBLE, Course
from ..verdicts import BY_HAND
from . import Row

NOT_ALL = "Not all that is graded is shown here; the points are of what is shown."
NOTHING = "Nothing of what is graded is shown here."


def discreet(course: Course, table: list[Row]) -> list[Row]:
    """All rows; in what is told of each no function is named of which students see less than of it."""
    seen = {row.item.function: course.visibility_of(row.item) for row in table}
    less = lambda item: {task for task, when in seen.items() if when not in (VISIBLE, course.visibility_of(item))}
    return [replace(row, unnamed=frozenset(less(row.item))) for row in table]


def for_students(course: Course, table: list[Row]) -> list[Row]:
    return [row for row in discreet(course, table) if course.visibility_of(row.item) == VISIBLE]


def document_for_students(document: dict[str, Any]) -> dict[str, Any]:
    """Gradescope's document with only what students are shown, for forms that know no ``visibility``."""
    tests = [test for test in document["tests"] if visibility(document, test) == VISIBLE]
    if len(tests) == len(document["tests"]):
        return document
    points = {
        "reached": sum(test.get("score", 0.0) for test in tests),
        "automatic": sum(test["max_score"] for test in tests if test["extra_data"]["verdict"] != BY_HAND),
    }
    extra = document["extra_data"] | {"points": document["extra_data"]["points"] | points}
    first = NOT_ALL if tests else NOTHING
    return document | {"output": f"{first}\n{document['output']}", "tests": tests, "extra_data": extra}


def visibility(document: dict[str, Any], test: dict[str, Any]) -> str:
    return test.get("visibility") or document.get("visibility", VISIBLE)


def kept(course: Course) -> list[str]:
    """What students are not shown, for staff: ["ddpm.predict_x0 (hidden)"]."""
    seen = [(item.function or item.title, course.visibility_of(item)) for item in course.items]
    return [f"{name} ({when})" for name, when in seen if when != VISIBLE]
