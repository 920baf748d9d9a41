"""A CSV file of which single cells are changed, and not a byte beside them.

Python's ``csv`` tells what stands in a cell, but not where: whatever it writes anew has its own quotes and line ends.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..verdicts import Unusable

_MOST = 64 << 20  # bytes
_BOM = "\ufeff"
_DECIMAL_COMMA, _DECIMAL_POINT = re.compile(r"-?\d+,\d+"), re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True)
class Cell:
    start: int  # in the file's text
    end: int
    value: str

    @property
    def quoted(self) -> bool:
        """Whether it stands in quotes."""
        return self.end - self.start > len(self.value)


class Sheet:
    def __init__(self, text: str, path: Path) -> None:
        self.text, self.path = text, path
        first = text.partition("\n")[0]
        self.delimiter = ";" if first.count(";") > first.count(",") else ","
        self.rows = list(_rows(text, self.delimiter))
        self._changes: dict[tuple[int, int], str] = {}

    @property
    def header(self) -> list[str]:
        return [cell.value for cell in self.rows[0]] if self.rows else []

    def column(self, name: str) -> int | None:
        return self.header.index(name) if name in self.header else None

    def values(self, column: int | None) -> list[str]:
        """What stands in a column, the header left out; nothing where there is no such column, or the row is short."""
        return [self.value(row, column) for row in range(1, len(self.rows))]

    def value(self, row: int, column: int | None) -> str:
        cells = self.rows[row]
        return cells[column].value if column is not None and column < len(cells) else ""

    def put(self, row: int, column: int, text: str) -> None:
        """Another content of a cell that is there."""
        cell = self.rows[row][column]
        if cell.quoted or re.search(rf'["\r\n{self.delimiter}]', text):
            text = '"' + text.replace('"', '""') + '"'
        self._changes[cell.start, cell.end] = text

    def number(self, value: float, columns: Sequence[int | None]) -> str:
        """With a decimal comma where numbers in these columns have one; at most two decimals."""
        texts = [text.strip() for column in columns for text in self.values(column)]
        commas, points = (
            sum(form.fullmatch(one) is not None for one in texts) for form in (_DECIMAL_COMMA, _DECIMAL_POINT)
        )
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if commas > points else text

    def bytes(self) -> bytes:
        """The file with what was put into it."""
        parts, at = [], 0
        for (start, end), text in sorted(self._changes.items()):
            parts += [self.text[at:start], text]
            at = end
        return "".join([*parts, self.text[at:]]).encode("utf-8", "surrogateescape")


def read(path: Path, expected: str) -> Sheet:
    """``expected`` says what the file should be."""
    try:
        content = path.read_bytes() if path.stat().st_size <= _MOST else b"\0"
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}; expected {expected}") from error
    if b"\0" in content:
        raise Unusable(f"{path}: expected {expected}, got no text in UTF-8")
    try:
        return Sheet(content.decode("utf-8", "surrogateescape"), path)
    except ValueError as error:
        raise Unusable(f"{path}: expected {expected}: {error}") from error


def _rows(text: str, delimiter: str) -> Iterator[list[Cell]]:
    """Cells with their places; a byte order mark is not part of the first one's value."""
    at, row = len(_BOM) if text.startswith(_BOM) else 0, list[Cell]()
    while at < len(text):
        cell = _cell(text, at, delimiter)
        row.append(cell)
        at = cell.end
        if text[at : at + 1] == delimiter:
            at += 1
            if at == len(text):
                row.append(Cell(at, at, ""))
        else:
            at += 2 if text[at : at + 2] == "\r\n" else 1
            yield row
            row = []
    if row:
        yield row


def _cell(text: str, start: int, delimiter: str) -> Cell:
    if text[start : start + 1] == '"':
        quoted = re.compile(r'"((?:[^"]|"")*)"').match(text, start)
        if quoted is None:
            raise ValueError(f"a quote is not closed, in line {text.count(chr(10), 0, start) + 1}")
        end = quoted.end()
        if end < len(text) and text[end] not in f"{delimiter}\r\n":
            raise ValueError(f"something follows a closing quote, in line {text.count(chr(10), 0, end) + 1}")
        return Cell(start, end, quoted[1].replace('""', '"'))
    plain = re.compile(rf"[^{delimiter}\r\n]*").match(text, start)
    assert plain is not None
    return Cell(start, plain.end(), plain[0])
