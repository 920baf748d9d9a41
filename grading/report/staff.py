"""What staff alone are told of a submission, of each failed function: by what its mistake is known again, and an example."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..verdicts import FAILED, Verdict
from .definition import definition
from .quoted import quoted

MOST_LINES, MOST_CHARACTERS = 80, 160  # of a function's text
_PLACE = re.compile(r"(.+):(\d+)", re.DOTALL)


def document(verdicts: Mapping[str, Verdict], folder: Path) -> dict[str, Any]:
    """``folder`` is the opened submission. What is right by itself has no mistake of its own."""
    failed = (one for one in verdicts.values() if one.outcome == FAILED and not one.carried)
    return {"functions": {one.task: quoted(_function(one, folder)) for one in failed}}


def _function(verdict: Verdict, folder: Path) -> dict[str, Any]:
    like, failures = verdict.likeness, [check.failure for check in verdict.failures if check.failure is not None]
    shown = failures[0]
    return {
        "mistakes": dict(like.mistakes) if like is not None else {},
        "reading": list(like.reading) if like is not None else [],
        "values": [[one.form, list(one.numbers)] for one in like.values] if like is not None else [],
        "told": [*(finding.student for finding in verdict.reading), *verdict.mistakes],
        "repair": verdict.repair.staff if verdict.repair is not None else [],
        "fails": [check.title for check in verdict.failures],
        "error": shown.error,
        "call": [["failed", shown.summary], *([label, text] for label, text in shown.lines() if label != "printed")],
        "place": verdict.defined_at,
        "code": code(folder, verdict.defined_at),
    }


def code(folder: Path, place: str) -> str:
    """The text of the definition at "ddpm.py:12", the start of a long one; nothing where there is none."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return ""
    shown = definition(folder, found[1], int(found[2]))
    lines = shown.lines[shown.first - 1 : shown.last][:MOST_LINES] if shown is not None else []
    return "\n".join(one[:MOST_CHARACTERS] for one in lines)
