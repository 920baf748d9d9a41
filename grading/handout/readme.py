"""The README of a handout: what is asked for, for how many points, and how to hand in."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from ..contract.courses import Course, Item
from ..contract.stubs import without_traps
from ..submissions.kits import Kit

_HEAD = """# {title}

Your work goes into the files of `homework/`. Each docstring there gives formula, shapes and convention, each TODO says what
to do and where the traps are. You need Python 3.9 or newer with torch (2.1 or newer), numpy, safetensors and pytest; nothing
is installed, and it runs on Linux, macOS and Windows.

```sh
{commands}
```

In a notebook beside this file (Jupyter, Colab: upload and unpack the zip):

```python
from hw import check
check("{first}")     # whatever the notebook's cells have defined by now
```

or `%%check {first}` as a cell's first line, which runs the cell and checks the function; `%%check` alone checks what the cell
defines. In a notebook within `homework/`, where `submit` packs it, `import sys; sys.path.append("..")` comes first. What does
not come to an end is interrupted; random states are left as they are.

A function is *passed*, *failed* (with what was expected, what your code gave, and how much they may differ) or *not
implemented*. The checks are public: their inputs and results lie in `hw/public/`, so that you can load them and look. What is
graded are other inputs. A function whose result is random, a network or a search has no single right answer; it is
held to what holds of any right one.
"""
_HAND_IN = """## Handing in

`python -m hw submit` packs {what} into `submission.zip`: hand in that file. {limit}Data sets, checkpoints, a file that
does not parse and anything that looks like a password or a token are refused.
"""


_FOR_A_KIT = """# {title}: checks for the kit

This folder lies beside the files of the kit that you fill in. It needs Python 3.9 or newer with torch (2.1 or newer), numpy,
safetensors and pytest; packages of the kit's that are not installed are done without, and no GPU is used. From the kit's own
folder:

```sh
{commands}
```

Nothing of yours is changed: a copy of your Python files and notebooks is run. A function is *passed*, *failed* (with what was
expected, what your code gave, and how much they may differ), *not implemented*, or looked at *by hand* where no call reaches
it. The checks are public: their inputs and results lie in `hw/public/`. What is graded are other inputs.
"""


def for_a_kit(course: Course, kit: Kit) -> str:
    """Of a course that is cut down to what the kit asks for."""
    parts = [_FOR_A_KIT.format(title=course.title, commands=_commands(course.functions[0], "pytest hw")), "## Tasks\n"]
    places = {task: kit.place(task) for task in kit.todos}
    return "\n".join([*parts, *_tasks(course, places), _hand_in(course, "the kit's Python files and notebooks")])


def written(course: Course, also: list[str]) -> str:
    """``also`` are functions that lie among the stubs and have no points."""
    first = course.functions[0]
    head = _HEAD.format(title=course.title, commands=_commands(first), first=first)
    parts = [head if course.traps else without_traps(head), "## Tasks\n"]
    parts += _tasks(course, {})
    if also:
        names = ", ".join(f"`{task}`" for task in also)
        parts += [f"Without points, for whoever wants to build on them: {names}.\n"]
    return "\n".join([*parts, _hand_in(course, "`homework/`")])


def _hand_in(course: Course, what: str) -> str:
    limit = f"It may have {course.limit_mb:g} MB at most. " if course.limit_mb is not None else ""
    return _HAND_IN.format(what=what, limit=limit)


def _tasks(course: Course, places: Mapping[str, str]) -> Iterator[str]:
    """A table for each part; ``places`` says where a kit asks for a function."""
    for part, worth in course.parts.items():
        items = [item for item in course.items if item.part == part]
        if items:
            yield _part(part, worth, items, places)


def _commands(function: str, tests: str = "pytest") -> str:
    told = {
        "python -m hw check": "everything",
        f"python -m hw check {function.split('.')[0]}": "one module",
        f"python -m hw check {function}": "one function",
        "python -m hw check --watch": "again whenever you save a file: what that changes",
        tests: "the same as tests",
        "python -m hw submit": "makes submission.zip, and refuses what the course refuses",
    }
    width = max(map(len, told)) + 4
    return "\n".join(f"{command:<{width}}# {what}" for command, what in told.items())


def _part(title: str, worth: Fraction, items: list[Item], places: Mapping[str, str]) -> str:
    extra = ", extra credit" if items[0].extra else ""
    rows = [f"### {title} ({_points(worth)} points{extra})", "", "| task | what | points |", "| --- | --- | --- |"]
    for item in items:
        place = f", in {places[item.function]}" if item.function in places else ""
        what = f"{item.title}: `{item.function}`{place}" if item.function else f"{item.title} (graded by a person)"
        rows.append(f"| {_cell(item.number)} | {_cell(what)} | {_points(item.points)} |")
    return "\n".join([*rows, ""])


def _points(points: Fraction) -> str:
    return f"{float(points):.4g}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
