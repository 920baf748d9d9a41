"""Gradescope's results.json with HTML: what is told of a function in paragraphs, what is indented there as it stands.

Only tags and no attributes: a sanitiser takes away styles, scripts, SVG and MathML.
"""

import html
import itertools
from collections.abc import Iterable
from typing import Any

from . import gradescope

_LEADS = ("what your code does", "what is wrong", "where", "remark", "in your kit")


def rendered(document: dict[str, Any]) -> str:
    tests = [test | {"output": as_html(test["output"]), "output_format": "html"} for test in document["tests"]]
    output = {"output": as_html(document["output"]), "output_format": "html"}
    return gradescope.rendered(document | output | {"tests": tests})


def as_html(text: str) -> str:
    blocks = itertools.groupby(text.splitlines(), key=lambda line: line.startswith(" "))
    return "\n".join(_as_it_stands(lines) if indented else _paragraphs(lines) for indented, lines in blocks)


def _as_it_stands(lines: Iterable[str]) -> str:
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def _paragraphs(lines: Iterable[str]) -> str:
    return "\n".join(f"<p>{_with_its_lead(line)}</p>" for line in lines if line)


def _with_its_lead(line: str) -> str:
    """ "what is wrong: …" begins in bold; so does the property that does not hold."""
    lead, colon, rest = line.partition(": ")
    if line.startswith("✗ "):
        return f"<strong>{html.escape(line)}</strong>"
    if colon and lead.partition(" (")[0] in _LEADS:  # "what is wrong (1 of 2 that fit)"
        return f"<strong>{html.escape(lead)}:</strong> {html.escape(rest)}"
    return html.escape(line)
