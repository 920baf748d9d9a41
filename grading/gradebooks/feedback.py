"""The page for each hand-in of a class: the one that was made while it was graded, else a small one of its results."""

import html
from collections.abc import Callable
from typing import Any

from ..batch.store import GRADED, NOT_GRADED, PAGE, Store
from ..report.forms import rendered
from ..report.forms.html import page
from ..zipped import zipped as zip_of
from .graded import Class


def zipped(graded: Class, called: Callable[[dict[str, Any]], str]) -> tuple[bytes, list[str]]:
    """A zip of all pages under the names that a system expects, and whose name is none of that system's."""
    pages, notes = dict[str, bytes](), list[str]()
    for entry in graded.entries:
        name = called(entry)
        if not name or name in pages:
            notes.append(f"{entry['name']} ({entry['key']}): nothing in its name tells the system whose it is")
        else:
            pages[name] = text_for(graded, entry).encode()
    return zip_of(pages), notes


def text_for(graded: Class, entry: dict[str, Any]) -> str:
    if entry["state"] == NOT_GRADED:  # the reason is about the grader, and for staff
        return page(entry["state"], "<p>The grader is at fault: no points are lost by it.</p>")
    if entry["state"] != GRADED:
        return page(entry["state"], f"<p>{html.escape(entry['reason'])}</p>")
    try:
        return (Store(graded.out).folder(entry["key"]) / PAGE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return rendered("html", graded.results(entry))
