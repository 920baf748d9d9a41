"""Where a formula stands: in the papers, and in each course's handout, side by side.

What a handout calls it comes from the docstring's ``Source:``, the numbers of its tasks from the course files, and what it
prints from ``grading/formulas/sources/``: one TOML file for each course and paper, which are read as data here, since the
package itself computes with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import toml
from ..contract import courses
from ..paths import ROOT

SOURCES = ROOT / "grading" / "formulas" / "sources"

# How a docstring names a handout, and the course files that are of it.
COURSES = {
    "EECS 498 HW5": ("eecs498-hw5",),
    "CMU 16-726 HW5": ("cmu16726-hw5",),
    "CS180 project 5": ("cs180-proj5", "cs180-proj5-fm"),
}


@dataclass(frozen=True)
class Place:
    """One handout's (or the papers') column of the table."""

    title: str
    equations: tuple[str, ...]
    tasks: tuple[str, ...] = ()


def places(task: str, sources: Sequence[str]) -> list[Place]:
    """The papers first; a handout that does not ask for the formula and does not print it is there, empty."""
    papers = tuple(one for one in sources if not any(course in one for course in COURSES))
    return [Place("Papers and code", papers), *(_of_course(course, task, sources) for course in COURSES)]


def _of_course(course: str, task: str, sources: Sequence[str]) -> Place:
    named = tuple(one.replace(f"{course} ", "", 1).replace(course, "there") for one in sources if course in one)
    items = [item for name in COURSES[course] for item in courses.load(name).items if item.function == task]
    return Place(course, named, tuple(dict.fromkeys(f"{item.number} {item.title}" for item in items)))


@dataclass(frozen=True)
class Printed:
    """A formula in somebody's own letters."""

    title: str  # whose
    number: str  # theirs
    latex: str
    convention: str  # how it is to be read
    differs: str  # how it does not agree with the function, where it does not


def printed(task: str) -> list[Printed]:
    """The courses' first."""
    found = []
    for source in sorted(_sources(), key=lambda one: one.get("paper", False)):
        for one in source.get("equation", []):
            if one["task"] == task and not one.get("defines"):
                told = one.get("convention", ""), one.get("differs", "")
                on_a_line = " ".join(one["latex"].split())  # a second one would end the directive
                found.append(Printed(source["title"], one["number"], on_a_line, *told))
    return found


@cache
def _sources() -> list[dict[str, Any]]:
    return [toml.read(path) for path in sorted(SOURCES.glob("*.toml"))]
