"""PrairieLearn's results.json: points as a part of all, and at most 1 MB.

What the grader is at fault in makes a submission one that cannot be graded: there it costs neither points nor an attempt.
So does a course that shows nothing of it.
"""

import json
from typing import Any

from ...verdicts import NOT_GRADED
from ..visible import NOTHING

_MOST = 1_000_000  # bytes
_TOLD = (8_000, 1_000, 0)  # characters of each output; fewer where all together are too long


def rendered(document: dict[str, Any]) -> str:
    return next(text for most in _TOLD if len((text := _within(document, most)).encode()) <= _MOST)


def _within(document: dict[str, Any], most: int) -> str:
    tests = document["tests"]
    at_fault = [one["name"] for one in tests if one["extra_data"]["verdict"] == NOT_GRADED and not _out_of_time(one)]
    points = document["extra_data"]["points"]
    result = {
        "gradable": bool(tests) and not at_fault,
        "score": min(points["reached"] / points["automatic"], 1.0) if points["automatic"] else 0.0,
        "message": f"{points['reached']:g} of {points['automatic']:g} points",
        "output": _cut(document["output"], most),
        "tests": [_test(one, most) for one in tests],
    }
    if not tests:
        result["format_errors"] = [NOTHING]
    elif at_fault:
        result["format_errors"] = [f"not graded, the grader is at fault: {name}" for name in at_fault]
    return json.dumps(result, indent=1) + "\n"


def _test(test: dict[str, Any], most: int) -> dict[str, Any]:
    return {
        "name": test["name"],
        "description": test["extra_data"]["title"],
        "points": test.get("score", 0.0),
        "max_points": test["max_score"],
        "message": test["extra_data"]["verdict"],
        "output": _cut(test["output"], most),
    }


def _out_of_time(test: dict[str, Any]) -> bool:
    return test["extra_data"].get("out_of_time", False)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
