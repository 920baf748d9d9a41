"""What a report quotes of a submission, fit to be shown: without credentials and control characters, a notebook's lines as people say them."""

import re
from functools import lru_cache
from typing import TypeVar

from ..blackout import blacked_out, throughout

_T = TypeVar("_T")
_CONTROL = re.compile(  # they could rewrite what a terminal shows, or the order in which it is read; half characters
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CELL = re.compile(r"(\.ipynb)/cell (\d+)(?::| line )(\d+)")  # a cell is a file here


def quoted(value: _T) -> _T:
    """A verdict, a note, or any other record, with all texts in it."""
    return throughout(value, _shown)


@lru_cache(maxsize=10_000)  # results.json is written anew after every verdict
def _shown(text: str) -> str:
    return _CELL.sub(r"\1, cell \2, line \3", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", blacked_out(text)))
