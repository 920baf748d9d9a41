"""What may stand in a course file. A mistake ends in one line that names file, table and key, never in lost points."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ... import toml
from ...verdicts import HINTS, Unusable
from ..functions import all_tasks, did_you_mean


@dataclass(frozen=True)
class Key:
    expected: str  # in words
    types: tuple[type, ...]
    required: bool = True
    values: tuple[str, ...] = ()  # where it is one of a few words


def _one_of(*words: str) -> Key:
    return Key(" or ".join(f'"{word}"' for word in words), (str,), required=False, values=words)


VISIBLE = "visible"
VISIBILITIES = (VISIBLE, "hidden", "after_due_date", "after_published")  # Gradescope's own words
NEEDED = ("torch", "numpy")  # there is nothing to grade without

_TEXT, _POINTS = Key("a text", (str,)), Key('a number, or a fraction such as "60/7"', (int, float, str))
KEYS: dict[str, dict[str, Key]] = {
    "the course": {
        "title": _TEXT,
        "carried": _one_of("charged", "forgiven"),
        "partial": _one_of("none", "terms"),
        "forbidden": Key('a list of modules such as "diffusers.schedulers"', (list,), required=False),
        "limit_mb": Key("a number of megabytes", (int, float), required=False),
        "hints": Key(f"a list of {', '.join(HINTS)}, one for each attempt", (list,), required=False),
        "visibility": _one_of(*VISIBILITIES),
        "lend": Key("true or false", (bool,), required=False),
        "traps": Key("true or false", (bool,), required=False),
        "part": Key("one or more tables [[part]]", (list,)),
    },
    "part": {
        "title": _TEXT,
        "points": _POINTS,
        "extra": Key("true or false", (bool,), required=False),
        "task": Key("one or more tables [[part.task]]", (list,)),
    },
    "task": {
        "number": _TEXT,
        "title": _TEXT,
        "points": _POINTS,
        "functions": Key('a list of graded functions such as "ddpm.predict_x0"', (list,), required=False),
        "manual": Key("a text: what a person looks at", (str,), required=False),
        "visibility": _one_of(*VISIBILITIES),
    },
}


def validated(path: Path) -> dict[str, Any]:
    """The document of a course file in which nothing is wrong."""
    document = toml.read(path)
    for where, problem in _problems(document):
        raise Unusable(f"{path}: {where}: {problem}")
    return document


def _problems(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Table, and what is wrong in it; the first one is told, since others may follow from it."""
    yield from _form("the course", "the course", document)
    yield from _forbidden(document.get("forbidden", []))
    for word in document.get("hints", []):
        if word not in HINTS:
            yield "the course", f"hints: {word!r}: expected {' or '.join(HINTS)}, one for each attempt"
    asked: dict[str, str] = {}
    titles: set[str] = set()
    numbers: set[str] = set()
    for i, part in enumerate(document["part"], 1):
        here = f"part {i}" + (f" “{part['title']}”" if isinstance(part, dict) and "title" in part else "")
        yield from _form("part", here, part)
        if part["title"] in titles:
            yield here, "another part has the same title"
        titles.add(part["title"])
        for j, task in enumerate(part["task"], 1):
            at = f"{here}, task {j}" + (f" “{task['number']}”" if isinstance(task, dict) and "number" in task else "")
            yield from _form("task", at, task)
            if task["number"] in numbers:
                yield at, f"number: another task is called {task['number']}, too"
            numbers.add(task["number"])
            yield from _task(at, task, asked)
        total, worth = sum(Fraction(task["points"]) for task in part["task"]), Fraction(part["points"])
        if total < worth or (total > worth and not part.get("extra")):
            more = "; only extra credit (extra = true) may list more than it counts" * (total > worth)
            yield here, f"points: its tasks add up to {total}, the part says {worth}{more}"


def _form(kind: str, where: str, table: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(table, dict):
        yield where, f"expected a table with {', '.join(KEYS[kind])}, got {table!r}"
        return
    for key in table:
        if key not in KEYS[kind]:
            yield where, f"unknown key {key}{did_you_mean(key, list(KEYS[kind]))}; it may have {', '.join(KEYS[kind])}"
    for key, form in KEYS[kind].items():
        if key not in table:
            if form.required:
                yield where, f"{key} is missing: expected {form.expected}"
            continue
        value = table[key]
        if (
            not isinstance(value, form.types)
            or (isinstance(value, bool) and bool not in form.types)
            or value in ("", [])
            or (form.values and value not in form.values)
        ):
            yield where, f"{key} = {value!r}: expected {form.expected}"
        elif key in ("points", "limit_mb") and not _is_positive(table[key]):
            yield where, f"{key} = {value!r}: expected {form.expected}, more than 0"


def _forbidden(names: list[Any]) -> Iterator[tuple[str, str]]:
    for name in names:
        if not (isinstance(name, str) and all(part.isidentifier() for part in name.split("."))):
            yield "the course", f"forbidden: {name!r} is no name of a module such as diffusers.schedulers"
        elif name.split(".")[0] in (*NEEDED, *sys.stdlib_module_names):
            needed = f"{', '.join(NEEDED)} and Python's own modules"
            yield "the course", f"forbidden: {name}: expected a package that student code can do without, not {needed}"


def _task(where: str, task: dict[str, Any], asked: dict[str, str]) -> Iterator[tuple[str, str]]:
    if "functions" not in task and "manual" not in task:
        yield where, "expected functions, or manual, or both: there is nothing to grade"
    for function in task.get("functions", []):
        if function not in all_tasks():
            known = did_you_mean(str(function), list(all_tasks()))
            yield where, f"functions: {function!r} is no graded function{known}"
        elif function in asked:
            yield where, f"functions: {function} is asked for already, in {asked[function]}"
        asked[function] = where


def _is_positive(points: Any) -> bool:
    try:
        return Fraction(points) > 0
    except (ValueError, ZeroDivisionError, OverflowError):
        return False
