"""What a student wrote, as a page shows it: the function itself, and where else its mistake lies, with those lines marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from ...verdicts import Verdict
from ..definition import Definition, definition
from ..quoted import quoted

MOST_LINES = 120
MOST_CHARACTERS = 200  # of a line
_PLACE = re.compile(r"(.+):(\d+)(?: in .*)?", re.DOTALL)  # "ddpm.py:12", "ddpm.py:12 in step: x = 1 / 0"
_LEXER, _FORMATTER = PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)


@dataclass(frozen=True)
class Line:
    number: int
    html: Markup
    marked: bool


@dataclass(frozen=True)
class Code:
    place: str  # "ddpm.py:90", "proj5.ipynb, cell 7, line 3"
    lines: list[Line]
    whole: bool  # nothing of it is left out


def code(folder: Path, verdict: Verdict, hints: str) -> list[Code]:
    """``folder`` is the opened submission, ``verdict`` as the grader gave it: what is shown of it here is quoted here."""
    if verdict.carried:
        return []  # nothing is wrong in it
    marked = list(_marked(verdict)) if hints == "mistake" else []
    pieces: dict[tuple[str, int], Code] = {}
    for file, line in [*_places([verdict.defined_at]), *marked]:
        numbers = {number for other, number in marked if other == file}
        found = definition(folder, file, line)
        if found is not None and (file, found.first) not in pieces:
            pieces[file, found.first] = _piece(file, found, numbers)
    return list(pieces.values())


def _marked(verdict: Verdict) -> Iterator[tuple[str, int]]:
    """Where the mistake is; where nobody knows, where the code raised."""
    if verdict.repair is not None:
        yield from _places(verdict.repair.places)
    else:
        yield from _places([line for check in verdict.failures if check.failure for line in check.failure.where[-1:]])


def _places(texts: list[str]) -> Iterator[tuple[str, int]]:
    for text in texts:
        found = _PLACE.fullmatch(text)
        if found:
            yield found[1], int(found[2])


def _piece(file: str, found: Definition, marked: set[int]) -> Code:
    first, last = found.first, found.last
    inside = sorted(number for number in marked if first <= number <= last)
    begin = max(first, min(inside[0] - MOST_LINES // 2, last - MOST_LINES + 1)) if inside else first
    end = min(last, begin + MOST_LINES - 1)
    own = quoted("\n".join(found.lines[begin - 1 : end])).split("\n")
    cut = [line[:MOST_CHARACTERS] + "…" * (len(line) > MOST_CHARACTERS) for line in own]
    shown = highlight("\n".join(cut), _LEXER, _FORMATTER).removesuffix("\n").split("\n")
    numbered = [Line(number, Markup(html), number in marked) for number, html in enumerate(shown, begin)]
    return Code(quoted(f"{file}:{begin}"), numbered, (begin, end) == (first, last))
