"""Canvas: ``doejane_LATE_4711_99887_hw5-1.zip``: name, late, user, attachment, and what the student called it.

An anonymous one begins with ``anon_a1B2c``; of a group there is the group's name and the user who stands for it. A text
entry ends in ``_text.html``, a link in ``_link.html``. Only the latest attempt is in a download; its number is what Canvas
has put before the ending.
"""

import re
from collections import defaultdict

from ..hand_in import NOTHING, HandIn
from ..opening import Listing

_WHO = r"(?:(?:(?P<late_a>LATE)_)?anon_(?P<anon>[^\W_]+)|(?:(?P<name>\w+?)_)??(?:(?P<late>LATE)_)?(?P<user>\d+))"
ATTACHED = re.compile(rf"{_WHO}_(?P<file>\d+)_(?P<display>.+)", re.DOTALL)
_TYPED = re.compile(rf"{_WHO}_(?P<kind>text|link)\.html")
_AGAIN = re.compile(r"-(\d+)(?=\.[^.]+$)")  # hw5-1.zip: the second that was called hw5.zip
_KINDS = {"text": "a text entry", "link": "a link"}


def found(listing: Listing) -> list[HandIn] | None:
    """None where fewer than half of the names are Canvas's."""
    names = [name for name in listing.names if not listing.is_folder(name)]
    read = {name: ATTACHED.fullmatch(name) or _TYPED.fullmatch(name) for name in names}
    if not names or 2 * sum(match is not None for match in read.values()) <= len(listing.names):
        return None
    people: dict[str, list[re.Match[str]]] = defaultdict(list)
    for match in read.values():
        if match is not None:
            people[match["anon"] or match["user"]].append(match)
    strangers = [name for name in listing.names if read.get(name) is None]
    return [*(_of_one(listing, own) for own in people.values()), *(_stranger(listing, name) for name in strangers)]


def _of_one(listing: Listing, own: list[re.Match[str]]) -> HandIn:
    """All attachments of one student."""
    first = own[0]
    name = first["name"] or (f"anon_{first['anon']}" if first["anon"] else "")
    ids = {"anonymous": first["anon"]} if first["anon"] else {"user": first["user"]}
    attached = [match for match in own if match.re is ATTACHED]
    problems = [f"{match['display']}: {why}" for match in attached if (why := listing.problem(match.string))]
    usable = [match for match in attached if not listing.problem(match.string)]
    typed = [f"{_KINDS[match['kind']]}: {NOTHING}" for match in own if match.re is _TYPED]
    notes = [*problems, *typed]
    return HandIn(
        key="_".join(filter(None, [first["name"], *(["anon"] if first["anon"] else []), *ids.values()])),
        name=name,
        files=_as_called(usable),
        ids=ids,
        late=any(match["late"] or match["late_a"] for match in own),
        attempt=max((int(again[1]) + 1 for match in attached if (again := _AGAIN.search(match["display"]))), default=1),
        notes=tuple(notes) if usable else (),
        problem="" if usable else "; ".join(notes),
    )


def _as_called(attached: list[re.Match[str]]) -> dict[str, str]:
    """What Canvas has put before the ending is taken off: ``ddim-1.py`` is imported as ``ddim``."""
    called = [_AGAIN.sub("", match["display"]) for match in attached]
    if len(set(called)) < len(called):  # part-1.py and part-2.py are what the student called them
        called = [match["display"] for match in attached]
    if len(set(called)) < len(called):
        called = [f"{match['file']}_{match['display']}" for match in attached]
    return dict(zip(called, (match.string for match in attached)))


def _stranger(listing: Listing, name: str) -> HandIn:
    note = "its name is none that Canvas gives: whose it is cannot be told"
    problem = listing.problem(name)
    return HandIn(name, name, {} if problem else {name: name}, notes=(note, *listing.left_out(name)), problem=problem)
