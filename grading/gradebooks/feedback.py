"""The page for each hand-in of a class: the one that was made while it was graded, else a small one of its results."""

import html
import io
import zipfile
from collections.abc import Callable
from typing import Any

from ..batch.store import GRADED, NOT_GRADED, PAGE, Store
from ..report.forms.html import page, rendered
from .graded import Class

_MADE = (1980, 1, 1, 0, 0, 0)  # a zip of the same pages is the same to the byte


def zipped(graded: Class, called: Callable[[dict[str, Any]], str]) -> tuple[bytes, list[str]]:
    """A zip of all pages under the names that a system expects, and whose name is none of that system's."""
    data, notes, names = io.BytesIO(), list[str](), set[str]()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in graded.entries:
            name = called(entry)
            if not name or name in names:
                notes.append(f"{entry['name']} ({entry['key']}): nothing in its name tells the system whose it is")
                continue
            names.add(name)
            archive.writestr(zipfile.ZipInfo(name, _MADE), text_for(graded, entry), zipfile.ZIP_DEFLATED)
    return data.getvalue(), notes


def text_for(graded: Class, entry: dict[str, Any]) -> str:
    if entry["state"] == NOT_GRADED:  # the reason is about the grader, and for staff
        return page(entry["state"], "<p>The grader is at fault: no points are lost by it.</p>")
    if entry["state"] != GRADED:
        return page(entry["state"], f"<p>{html.escape(entry['reason'])}</p>")
    try:
        return (Store(graded.out).folder(entry["key"]) / PAGE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return rendered(graded.results(entry))
