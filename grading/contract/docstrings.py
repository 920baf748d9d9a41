"""What stands in the reference's docstrings, and so in the stubs': formulas, and the table of symbols that a module begins with."""

import re
from collections.abc import Iterable

_MATH = re.compile(r"^\.\. math::(.*(?:\n+ +.*)*)", re.MULTILINE)


def formulas_in(docstring: str) -> list[str]:
    """The LaTeX of each ``.. math::`` of a cleaned one, on one line."""
    return [" ".join(found.split()) for found in _MATH.findall(docstring)]


def symbol_rows(docstring: str) -> list[tuple[str, ...]]:
    """The table of symbols, without its head."""
    table = [line for line in docstring.splitlines() if line.startswith("|")]
    return [tuple(_cells(line)) for line in table[2:]]


def symbols_by_name(table: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """A symbol in LaTeX for each name that the code has for it."""
    found: dict[str, str] = {}
    for math, code, *_ in table:
        names = re.findall(r"\w+", code) if "``" in code else []
        written = letters(math) if len(letters(math)) == len(names) else letters(math)[:1] * len(names)
        for name, symbol in zip(names, written):
            if symbol:
                found.setdefault(name, as_latex(symbol))
    return found


def letters(cell: str) -> list[str]:
    """A cell may list several symbols: those that a comma outside of brackets divides."""
    return re.split(r",\s*(?![^(]*\))", cell)


def as_latex(symbol: str) -> str:
    """A symbol of the table as LaTeX: indices of several letters in braces."""
    return re.sub(r"_(\w+)", r"_{\1}", symbol.replace(r"\|", r"\mid "))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
