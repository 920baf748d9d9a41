"""Gradescope's export: a folder for each submission, and ``submission_metadata.yml``, which says whose it is.

Its keys are Ruby's, with a colon in front: ``:submitters:``, ``:name:``. Everything is read as text: a student number that
begins with zeros is no number.
"""

from typing import Any

import yaml

from ...verdicts import Unusable
from ..hand_in import HandIn, Member
from ..opening import Listing

_METADATA = "submission_metadata.yml"
# Texts, lists and dictionaries, nothing else. The results of a large class take Python's own reader minutes.
_LOADER = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
_MOST = 64 << 20  # bytes; with all earlier results of a large class it has a few


def found(listing: Listing) -> list[HandIn] | None:
    """None where there is no such file."""
    if _METADATA not in listing.names:
        return None
    metadata = _read(listing)
    names = [*metadata, *(name for name in listing.names if name not in metadata and name != _METADATA)]
    return [_of_one(listing, name, metadata.get(name)) for name in names]


def _read(listing: Listing) -> dict[str, Any]:
    path = listing.folder / _METADATA
    problem = listing.problem(_METADATA)
    try:
        if problem:
            raise ValueError(problem)
        if path.stat().st_size > _MOST:
            raise ValueError(f"more than {_MOST >> 20} MB")
        content = yaml.load(path.read_bytes(), Loader=_LOADER)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise Unusable(f"{_METADATA}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(content, dict):
        raise Unusable(f"{_METADATA}: expected folders and whose they are, got something else")
    return content


def _of_one(listing: Listing, name: str, told: Any) -> HandIn:
    told = told if isinstance(told, dict) else {}
    members = tuple(_members(told.get(":submitters")))
    history = told.get(":history")
    notes = listing.left_out(name) if members else ("whose it is does not stand in the export", *listing.left_out(name))
    problem = listing.problem(name)
    return HandIn(
        key=name,
        name=", ".join(member.name for member in members) or name,
        files={} if problem else {name: name},
        ids={"submission": name.removeprefix("submission_")},
        members=members,
        attempt=len(history) + 1 if isinstance(history, list) else None,
        notes=notes,
        problem=problem,
    )


def _members(submitters: Any) -> list[Member]:
    people = [one for one in submitters if isinstance(one, dict)] if isinstance(submitters, list) else []
    kinds = ("sid", "email")
    return [
        Member(_text(one.get(":name")), {kind: said for kind in kinds if (said := _text(one.get(f":{kind}")))})
        for one in people
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
