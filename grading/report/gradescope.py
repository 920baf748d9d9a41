"""Gradescope's results.json. It is written anew after every verdict: a run that is cut short loses nothing."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..contract.courses import Course
from ..seeds import Seed
from ..verdicts import PASSED
from . import Row, files, quoted, totals
from .visible import discreet


def document(
    course: Course, table: list[Row], seed: Seed, seconds: float, hints: str, notes: Sequence[str] = ()
) -> dict[str, Any]:
    reached, automatic, by_hand = totals(course, table)
    notes, again = quoted(list(notes)), quoted(seed.again)
    return {
        "execution_time": round(seconds, 3),
        "output": "\n".join([f"{course.title}. {again[0].upper()}{again[1:]}.", *notes]),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": course.visibility,
        "stdout_visibility": "hidden",
        "tests": [
            _test(row, hints) for row in discreet(course, table) if row.item.function and row.verdict is not None
        ],
        "extra_data": {
            "course": course.name,
            "seed": seed.told,
            "again": again,
            "notes": notes,
            "points": {"reached": _float(reached), "automatic": _float(automatic), "by_hand": _float(by_hand)},
            "manual": [
                {"number": row.item.number, "title": row.item.title, "max_score": _float(row.item.points)}
                for row in table
                if row.by_hand
            ],
        },
    }


def _test(row: Row, hints: str) -> dict[str, Any]:
    verdict = row.verdict
    assert verdict is not None
    test: dict[str, Any] = {
        "name": verdict.task,
        "number": row.item.number,
        "max_score": _float(row.item.points),
        "output": "\n".join(row.lines(hints)),
        "extra_data": {
            "verdict": verdict.outcome,
            "title": row.item.title,
            "defined_at": verdict.defined_at,
            "carried": verdict.carried,
            "failing_checks": [check.title for check in verdict.failures] if hints != "none" else [],
            "diagnosis": verdict.mistakes if hints == "mistake" else [],
            "remarks": verdict.remarks if hints == "mistake" else [],
            "reading": [finding.staff for finding in verdict.reading] if hints == "mistake" else [],
            "repair": verdict.repair.staff if hints == "mistake" and verdict.repair is not None else [],
        },
    }
    if verdict.out_of_time:
        test["extra_data"]["out_of_time"] = True
    if row.item.visibility:
        test["visibility"] = row.item.visibility
    if row.score is not None:  # a function that was not graded has neither a score nor a status
        test |= {"score": _float(row.score), "status": "passed" if verdict.outcome == PASSED else "failed"}
    return test


def write(path: Path, content: dict[str, Any]) -> None:
    files.write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _float(points: Fraction) -> float:
    return round(float(points), 6)
