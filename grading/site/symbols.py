"""The table of symbols that a module's docstring begins with, and what of it a function needs."""

import re
from collections.abc import Collection, Iterable

HEAD = ("math", "code", "shape", "range", "meaning", "equation")
_ACCENTS = {r"\hat": "\u0302", r"\tilde": "\u0303", r"\bar": "\u0304"}


def rows(docstring: str) -> list[tuple[str, ...]]:
    """Without its head."""
    table = [line for line in docstring.splitlines() if line.startswith("|")]
    return [tuple(_cells(line)) for line in table[2:]]


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


def by_name(table: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """A symbol in LaTeX for each name that the code has for it."""
    found: dict[str, str] = {}
    for math, code, *_ in table:
        names = re.findall(r"\w+", code) if "``" in code else []
        written = letters(math) if len(letters(math)) == len(names) else letters(math)[:1] * len(names)
        for name, symbol in zip(names, written):
            if symbol:
                found.setdefault(name, latex(symbol))
    return found


def letters(cell: str) -> list[str]:
    """A cell may list several symbols: those that a comma outside of brackets divides."""
    return re.split(r",\s*(?![^(]*\))", cell)


def latex(symbol: str) -> str:
    """A symbol of the table as LaTeX: indices of several letters in braces."""
    return re.sub(r"_(\w+)", r"_{\1}", symbol.replace(r"\|", r"\mid "))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _stands(symbol: str, written: str) -> bool:
    sought = _plain(latex(symbol))
    return bool(sought) and re.search(rf"(?<!\w){re.escape(sought)}(?![\w\u0300-\u036f])", written) is not None


def _plain(text: str) -> str:
    """Accents as Unicode has them, on the letter; no braces, no other commands."""
    for command, accent in _ACCENTS.items():
        text = re.sub(rf"{re.escape(command)}\s*{{?(\w)}}?", rf"\1{accent}", text)
    return re.sub(r"[{}]", "", re.sub(r"\\[A-Za-z]+", " ", text))
