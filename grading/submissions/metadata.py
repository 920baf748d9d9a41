"""Gradescope's submission_metadata.json: who handed in, and how often before."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..verdicts import Unusable


@dataclass(frozen=True)
class HandedIn:
    student: str = ""  # the addresses of all who handed it in together
    attempt: int | None = None  # counted from 1


NOBODY = HandedIn()


def read(path: Path) -> HandedIn:
    """What is told of a submission; attempts at which Gradescope's autograder failed are nobody's."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"--metadata {path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"--metadata {path}: is no JSON: {error}") from error
    users, before = (_records(told, name) for name in ("users", "previous_submissions"))
    if not users:
        raise Unusable(f"--metadata {path}: expected Gradescope's submission_metadata.json with its users")
    students = sorted(str(one.get("email") or one.get("id") or one.get("name")).lower() for one in users)
    return HandedIn(",".join(students), 1 + sum(not one.get("autograder_error") for one in before))


def _records(told: Any, name: str) -> list[dict[str, Any]]:
    found = told.get(name) if isinstance(told, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
