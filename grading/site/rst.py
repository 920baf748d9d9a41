"""Pieces of reStructuredText."""

import re
from collections.abc import Iterable, Sequence
from textwrap import indent


def heading(text: str, line: str) -> str:
    return f"{plain(text)}\n{line * len(plain(text))}"


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def prose(text: str) -> str:
    """A docstring's text, whose stars are stars; it begins like a sentence."""
    pieces = re.split(r"(``.*?``)", text)
    pieces[::2] = [re.sub(r"(?<!\*)\*(?!\*)", r"\*", one) for one in pieces[::2]]
    return re.sub(r"^[a-z](?=[a-z]+[ ,:;])", lambda first: first[0].upper(), "".join(pieces))


def literal(names: str) -> str:
    """Names that commas divide, as code."""
    return ", ".join(f"``{name}``" for name in re.split(r",\s*", names))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'  ' if number else '* '}- {cell}" for number, cell in enumerate(row)]
    return "\n".join(lines)


def definitions(entries: Iterable[tuple[str, str]]) -> str:
    return "\n\n".join(f"{literal(names)}\n{indent(prose(text), '    ')}" for names, text in entries)
