"""Where a formula stands: in the papers, and in each course's handout, side by side.

What a handout calls it comes from the docstring's ``Source:``, the numbers of its tasks from the course files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..contract import courses

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
