"""The tables of a class, made of what the store holds: class.json, grades.csv and index.html. No time stands in them.

Two runs over the same hand-ins with the same seed give the same bytes, however often the first was broken off.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..contract.functions import all_tasks
from ..report import class_page, files, gradescope
from ..report.atlas import by_tokens
from ..report.visible import visibility
from .hand_in import HandIn
from .store import GRADED, PAGE, Store
from .wanted import Wanted

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes a cell that begins so


def index(system: str, hand_ins: Sequence[HandIn], wanted: Wanted, store: Store) -> dict[str, Any]:
    entries, first = [], dict[str, str]()
    for one in hand_ins:
        record = store.record(one.key)
        assert record is not None
        came = record.pop("came")
        entry = record | {"state": came["state"], "reason": came["reason"], "not_graded": came["not_graded"]}
        entry["no_page"] = came["no_page"]
        entry["same_as"] = first.setdefault(came["digest"], one.key) if came["digest"] else one.key
        if entry["same_as"] == one.key:
            del entry["same_as"]
        if came["state"] == GRADED:
            entry |= _of_results(store.results(one.key))
        entries.append(entry)
    asked = wanted.asked
    return {
        "system": system,
        "course": asked.name if asked is not None else None,
        "only": wanted.only,
        "seed": wanted.seed if wanted.secret is None else None,
        "secret": wanted.secret.fingerprint if wanted.secret is not None else None,
        "hints": wanted.hints,
        "hand_ins": entries,
    }


def _of_results(results: dict[str, Any]) -> dict[str, Any]:
    told = results["extra_data"]
    functions = {
        test["name"]: {
            "verdict": test["extra_data"]["verdict"],
            "score": test.get("score"),
            "max_score": test["max_score"],
            "visibility": visibility(results, test),
        }
        for test in results["tests"]
    }
    return {"course": told["course"], "points": told["points"], "functions": functions}


def write(document: dict[str, Any], store: Store) -> list[Path]:
    texts = {"grades.csv": table(document), "index.html": page(document, store)}
    gradescope.write(store.out / "class.json", document)
    for name, text in texts.items():
        files.write(store.out / name, text)
    return [store.out / name for name in ("class.json", *texts)]


def page(document: dict[str, Any], store: Store) -> str:
    """The class's page, with the links to those of the hand-ins that are there."""
    keys = [entry["key"] for entry in document["hand_ins"]]
    graded = [entry["key"] for entry in document["hand_ins"] if entry["state"] == GRADED]
    records = {key: store.for_staff(key)["functions"] for key in graded}
    pages = {key for key in keys if (store.folder(key) / PAGE).is_file()}
    return class_page.page(document, records, pages, by_tokens())


def table(document: dict[str, Any]) -> str:
    """A row for each student: of a group that the system names, one for each of its members."""
    entries = document["hand_ins"]
    students = [(entry, name, ids) for entry in entries for name, ids in people(entry)]
    kinds = list(dict.fromkeys(kind for _, _, ids in students for kind in ids))
    graded = {task for entry in entries for task in entry.get("functions", {})}
    tasks = [task for task in all_tasks() if task in graded]
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["key", "name", *kinds, "late", "attempt", "state", "reason", "points", "of", *tasks])
    for entry, name, ids in students:
        points, functions = entry.get("points", {}), entry.get("functions", {})
        late = {True: "late", False: "", None: ""}[entry["late"]]
        told = [entry["key"], name, *(ids.get(kind, "") for kind in kinds), late, entry["attempt"]]
        told += [entry["state"], _reason(entry), points.get("reached"), points.get("automatic")]
        rows.writerow(map(cell, [*told, *(functions.get(task, {}).get("score") for task in tasks)]))
    return text.getvalue()


def people(entry: dict[str, Any]) -> Iterable[tuple[str, dict[str, str]]]:
    """Name and ids of each who handed it in."""
    if not entry["members"]:
        return [(entry["name"], entry["ids"])]
    return [(member["name"], entry["ids"] | member["ids"]) for member in entry["members"]]


def _reason(entry: dict[str, Any]) -> str:
    return entry["reason"] or (f"not graded: {', '.join(entry['not_graded'])}" if entry["not_graded"] else "")


def cell(value: Any) -> str:
    """Fit for a spreadsheet, which must not compute what a student is called."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
