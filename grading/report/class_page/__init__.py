"""A class's page: one HTML file for staff, with the tables of the class, its atlas of mistakes, and slides without names.

It is made of class.json and of what the store holds for staff, as often as one likes. Its content policy lets nothing in
but its own style and its own script; without the script everything is there, and nothing sorts. All texts are escaped by
the template, and have passed ``quoted`` before they were kept.

| file          | holds                                                                     |
| ------------- | ------------------------------------------------------------------------- |
| ``page.html`` | the template; ``page.css`` and ``page.js``, its style and its script      |
| ``figures``   | how scores are distributed, what is told of each function                 |
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Template
from markupsafe import Markup

from ..atlas import Group, draft, groups, pairs
from ..atlas.groups import Record
from ..atlas.rare import Alike
from ..sheet import environment
from . import figures

__all__ = ["page"]

IN_FULL = 80  # mistakes, the most frequent ones: with an example and a slide; of the others a line
_HERE = Path(__file__).resolve().parent


def page(
    document: Mapping[str, Any],
    records: dict[str, dict[str, Record]],
    pages: Collection[str] = (),
    alike: Alike | None = None,
) -> str:
    """The whole of it.

    ``records`` are the staff's of all hand-ins, by key and function; ``pages`` the keys of those that have a page of their
    own. ``alike`` says how alike two texts are; where there is none, the page says so.
    """
    entries = document["hand_ins"]
    found = groups(records)
    shared = [one for one in found if len(one.members) > 1]
    tasks = figures.tasks(entries)
    return _template().render(
        document=document,
        entries=entries,
        states=Counter(entry["state"] for entry in entries),
        late=sum(bool(entry["late"]) for entry in entries),
        troubles=[entry for entry in entries if entry["reason"] or entry["not_graded"]],
        bars=figures.distribution(entries),
        middle=figures.middle(entries),
        tasks=tasks,
        number={task: i for i, task in enumerate(tasks)},
        rates=figures.rates(entries, found),
        asked=figures.asked(entries),
        groups=shared[:IN_FULL],
        more=shared[IN_FULL:],
        alone=len(found) - len(shared),
        drafts=[(one, draft(one)) for one in shared[:IN_FULL] if not one.is_catalogued],
        pairs=pairs(found, records, len(entries), alike),
        compared=alike is not None,
        names={entry["key"]: entry["name"] for entry in entries},
        same={entry["key"]: entry.get("same_as", entry["key"]) for entry in entries},
        pages=frozenset(pages),
    )


@cache
def _template() -> Template:
    made = environment(_HERE)
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    made.globals |= {"script": Markup(script), "hashed": hashed, "slide": _slide}
    made.filters |= {"path": quote, "points": _points, "capital": _capital}
    return made.get_template("page.html")


def _points(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _slide(group: Group) -> dict[str, Any]:
    """What is shown to the class: nobody's name, no place in a file, none of a student's texts."""
    told = list(group.told)
    title = group.said if group.is_catalogued else told.pop(0) if told else group.said
    rows = [(label, text) for label, text in group.record["call"] if label in ("called", "expected", "got")]
    return {"title": title, "told": told, "rows": [] if group.record["error"] else rows}
