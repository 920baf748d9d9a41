"""What a cell shows: the same words as the terminal, with the formula. It suits light and dark notebooks alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from html import escape

from .compare import Failure
from .course import HERE
from .report import SHOWN
from .verdict import Verdict

_MARKS = {
    "passed": ("✓", "#17652f"),
    "failed": ("✗", "#a3150f"),
    "not implemented": ("–", "#7a5200"),
    "by hand": ("☞", "#454545"),
}
_BADGE = "background: {}; border-radius: .3em; color: #fff; font-weight: bold; padding: .1em .5em"
_QUOTED = "background: #8882; border-radius: .3em; color: inherit; margin: .3em 0; padding: .5em; white-space: pre-wrap"


def html(verdicts: Sequence[Verdict], printed: str, following: str) -> str:
    """All texts are escaped; the formulas are ours."""
    pieces = [_one(verdict, len(verdicts) == 1) for verdict in verdicts]
    if printed:
        pieces.append(f"<details><summary>what was printed</summary>{_quoted(printed)}</details>")
    pieces += [f"<p>{escape(following)}</p>"] if following else []
    return f'<div class="hw-check">{"".join(pieces)}</div>'


def _one(verdict: Verdict, alone: bool) -> str:
    mark, colour = _MARKS[verdict.word]
    badge = f'<span style="{_BADGE.format(colour)}">{mark} {verdict.word}</span>'
    note = f"all {verdict.number} checks hold" if verdict.word == "passed" else escape(verdict.note)
    head = f"<p>{badge} <code>{escape(verdict.task)}</code> {note}</p>"
    formula = formulas().get(verdict.task, "") if alone or verdict.word == "failed" else ""
    shown = f'<div style="overflow-x: auto; padding: .3em 0">{formula}</div>' if formula else ""
    return head + shown + (_failures(verdict.failures) if verdict.failures else "")


def _failures(failures: Sequence[Failure]) -> str:
    """The first in full; the others fold, since they mostly say the same."""
    first, *others = map(_failure, failures[:SHOWN])
    more = f"<p>… and {len(failures) - SHOWN} more</p>" if len(failures) > SHOWN else ""
    folded = f"<details><summary>{len(failures) - 1} more checks fail</summary>{''.join(others)}{more}</details>"
    return first + (folded if others else "")


def _failure(failure: Failure) -> str:
    rows = "\n".join(f"{name:<9} {text}" for name, text in failure.named().items())
    return f"<p><b>{escape(failure.says)}</b><br>{escape(failure.summary)}</p>{_quoted(rows) if rows else ''}"


def _quoted(text: str) -> str:
    return f'<pre style="{_QUOTED}">{escape(text)}</pre>'


@cache
def formulas() -> dict[str, str]:
    """By function, as MathML: what stands in the docstrings."""
    return json.loads((HERE / "formulas.json").read_text(encoding="utf-8"))
