"""No system: a folder, an archive, a notebook or a file for each student, or clones, named after whoever wrote it.

Classroom 50 has clones, ``<classroom>-<assignment>-<username>``; a file beside clones (scores.csv, result.json) is nobody's.
"""

import itertools
import json
from pathlib import Path

from ..hand_in import HandIn
from ..opening import Listing

_SCHEMA = "classroom50/result/"
_MOST = 1 << 20  # bytes of a result file
_ENDINGS = (".tar.gz", ".zip", ".tar", ".tgz", ".ipynb", ".py")


def found(listing: Listing) -> list[HandIn]:
    prefixes = {name: _prefix(listing.folder / name) for name in listing.names if listing.is_folder(name)}
    clones = {name: prefix for name, prefix in prefixes.items() if prefix is not None}
    shared = _shared([name for name in clones if not clones[name]])
    return [
        _of_one(listing, name, (clones[name] or shared) if name in clones else "")
        for name in listing.names
        if not clones or listing.problem(name) or listing.is_folder(name)
    ]


def _of_one(listing: Listing, name: str, prefix: str) -> HandIn:
    user = name.removeprefix(prefix) if prefix else ""
    plain = next((name[: -len(ending)] for ending in _ENDINGS if name.lower().endswith(ending)), name)
    problem = listing.problem(name)
    return HandIn(
        key=user or plain,
        name=user or plain,
        files={} if problem else {name: name},
        ids={"username": user} if user else {},
        notes=listing.left_out(name),
        problem=problem,
    )


def _prefix(folder: Path) -> str | None:
    """What the name of a clone begins with, nothing where that is not known; None for what is no clone."""
    try:
        content = (folder / "result.json").read_bytes()[:_MOST] if (folder / "result.json").is_file() else b"null"
        told = json.loads(content)
    except (OSError, ValueError, RecursionError):
        told = None
    if isinstance(told, dict) and str(told.get("schema", "")).startswith(_SCHEMA):
        prefix = f"{told.get('classroom')}-{told.get('assignment')}-"
        if folder.name.startswith(prefix) and folder.name != prefix:
            return prefix
    return "" if (folder / ".git").exists() else None


def _shared(names: list[str]) -> str:
    """What the names of several clones begin with, up to a dash: classroom and assignment."""
    if len(names) < 2:
        return ""
    parts = itertools.takewhile(lambda part: len(set(part)) == 1, zip(*(name.split("-") for name in names)))
    common = [part[0] for part in parts]
    return "-".join([*common, ""]) if len(common) > 1 else ""
