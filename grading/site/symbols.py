"""What a function needs of the table of symbols that its module begins with, and a docstring without that table."""

import re
from collections.abc import Collection, Iterable

from ..contract.docstrings import as_latex, letters

HEAD = ("math", "code", "shape", "range", "meaning", "equation")
_ACCENTS = {r"\hat": "\u0302", r"\tilde": "\u0303", r"\bar": "\u0304"}


def without_table(docstring: str) -> str:
    return "\n".join(line for line in docstring.splitlines() if not line.startswith("|"))


def needed(table: Iterable[tuple[str, ...]], arguments: Collection[str], latex: Iterable[str]) -> list[tuple[str, ...]]:
    """The rows of a function's arguments and of what else stands in its formula."""
    written = _plain(" ".join(latex))
    return [
        row
        for row in table
        if set(re.findall(r"\w+", row[1])) & set(arguments) or any(_stands(one, written) for one in letters(row[0]))
    ]


def _stands(symbol: str, written: str) -> bool:
    sought = _plain(as_latex(symbol))
    return bool(sought) and re.search(rf"(?<!\w){re.escape(sought)}(?![\w\u0300-\u036f])", written) is not None


def _plain(text: str) -> str:
    """Accents as Unicode has them, on the letter; no braces, no other commands."""
    for command, accent in _ACCENTS.items():
        text = re.sub(rf"{re.escape(command)}\s*{{?(\w)}}?", rf"\1{accent}", text)
    return re.sub(r"[{}]", "", re.sub(r"\\[A-Za-z]+", " ", text))
