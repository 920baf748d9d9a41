"""What the command says at the end: how many, and by name whatever was not graded."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..contract.courses import VISIBLE
from .store import GRADED, NOT_GRADED, UNUSABLE


def summary(document: dict[str, Any]) -> list[str]:
    entries = document["hand_ins"]
    number = Counter(entry["state"] for entry in entries)
    copies = sum("same_as" in entry and entry["state"] == GRADED for entry in entries)
    first = f"{len(entries)} hand-ins ({document['system']}): {number[GRADED]} graded"
    first += f", {copies} of them the same to the byte as another one" * bool(copies)
    kept = kept_from_students(document)
    return [first, *_named(entries), *([f"not in the students' pages, as the course says: {kept}"] if kept else [])]


def kept_from_students(document: dict[str, Any]) -> str:
    """What the course does not show: "ddpm.predict_x0 (hidden), …"; nothing where it shows all."""
    seen = [one for entry in document["hand_ins"] for one in entry.get("functions", {}).items()]
    return ", ".join(dict.fromkeys(f"{task} ({when})" for task, one in seen if (when := visibility(one)) != VISIBLE))


def visibility(function: dict[str, Any]) -> str:
    """Of an entry's function; where none is kept it was graded before there was any."""
    return function.get("visibility", VISIBLE)


def _named(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        if entry["state"] == UNUSABLE:
            yield f"cannot be used: {entry['key']}: {entry['reason']}"
    for entry in entries:
        if entry["state"] == NOT_GRADED:
            yield f"not graded, the grader is at fault: {entry['key']}: {entry['reason']}"
        elif entry["not_graded"]:
            yield f"not graded, the grader is at fault: {entry['key']}: {', '.join(entry['not_graded'])}"
        if entry["no_page"]:
            yield f"without a page, the grader is at fault: {entry['key']}: {entry['no_page']}"


def at_fault(document: dict[str, Any]) -> bool:
    return any(entry["state"] == NOT_GRADED or entry["not_graded"] for entry in document["hand_ins"])
