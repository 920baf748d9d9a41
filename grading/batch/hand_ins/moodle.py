"""Moodle: ``Jane Doe_4711_assignsubmission_file`` is a folder, or what names begin with where no folders were asked for.

A blind one begins with ``Participant_``; a team has the team's name and number. An online text is no file.
"""

import re
from collections import defaultdict

from ..hand_in import NOTHING, HandIn
from ..opening import Listing

_NAME = re.compile(
    r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<plugin>file|onlinetext|[a-z]+)_?(?P<called>.*)", re.DOTALL
)
_ONLINE = "an online text"


def found(listing: Listing) -> list[HandIn] | None:
    """None where no name is Moodle's."""
    read = {name: _NAME.fullmatch(name) for name in listing.names}
    if not any(read.values()):
        return None
    people: dict[tuple[str, str], list[re.Match[str]]] = defaultdict(list)
    for match in read.values():
        if match is not None:
            people[match["name"], match["id"]].append(match)
    strangers = [name for name, match in read.items() if match is None]
    return [*(_of_one(listing, own) for own in people.values()), *(_stranger(listing, name) for name in strangers)]


def _of_one(listing: Listing, own: list[re.Match[str]]) -> HandIn:
    name, number = own[0]["name"], own[0]["id"]
    files, problems, notes = dict[str, str](), list[str](), list[str]()
    for match in own:
        notes += listing.left_out(match.string)
        if match["plugin"] != "file":
            what = _ONLINE if match["plugin"] == "onlinetext" else f"a submission of the kind {match['plugin']}"
            problems.append(f"{what}: {NOTHING}")
        elif why := listing.problem(match.string):
            problems.append(f"{match['called']}: {why}".removeprefix(": "))
        else:
            files[match["called"] or match.string] = match.string
    return HandIn(
        key=f"{name}_{number}",
        name=f"Participant {number}" if name == "Participant" else name,
        files=files,
        ids={"participant": number},
        notes=(*notes, *problems) if files else tuple(notes),
        problem="" if files else "; ".join(problems),
    )


def _stranger(listing: Listing, name: str) -> HandIn:
    note = "its name is none that Moodle gives: whose it is cannot be told"
    problem = listing.problem(name)
    return HandIn(name, name, {} if problem else {name: name}, notes=(note, *listing.left_out(name)), problem=problem)
