"""A notebook, split into its cells: ``proj5.ipynb/cell 7`` is a file with the seventh cell's text, line by line.

So every place in a report, every quoted line and every repair leads to the cell by itself. Nothing is run here; what
the worker runs of a cell are its definitions (``sandbox/inside/cells.py``).
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from ..sandbox import limits
from ..verdicts import Unusable
from .archive import Room
from .folder import shown

_OTHER_LINES = re.compile(r"\s*([%!?]|[\w, ]+=\s*[%!])|.*\?\s*$")  # of the notebook's own language
_PYTHON_AFTER_ALL = ("%%time", "%%capture", "%%prun", "%%check")  # … and %%timeit: the rest of such a cell is Python
_MOST_OTHER_LINES = 200  # in one cell


def is_notebook(path: Path) -> bool:
    """By its name, or by what is in it: some upload forms change names."""
    if path.suffix == ".ipynb":
        return True
    with path.open("rb") as file:
        begins = file.read(1 << 16)
    return begins.lstrip().startswith(b"{") and (b'"cell_type"' in begins or b'"nbformat"' in begins)


def split(source: Path, target: Path, room: Room) -> list[str]:
    """Write the code cells of a notebook into a new folder; what cannot be read of them."""
    notes = []
    target.mkdir(parents=True)
    for number, text in cells(source):
        room.take_file()
        lines, error = _python(text)
        if error is not None:
            line, why = getattr(error, "lineno", None) or 1, getattr(error, "msg", None) or str(error)
            notes.append(f"{shown(source.name)}, cell {number}, line {line}: {why}: what this cell defines is missing")
        (target / f"cell {number}").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
    return notes


def cells(source: Path) -> Iterator[tuple[int, str]]:
    """The code cells by their number, text cells counted in."""
    import nbformat
    from nbformat.reader import reads  # without validation: it prints, and refuses what Jupyter opens

    if source.stat().st_size > limits.NOTEBOOK_BYTES:
        raise Unusable(f"the notebook has more than {limits.NOTEBOOK_BYTES >> 20} MB; clear its outputs")
    data = source.read_bytes()
    try:
        notebook = nbformat.convert(reads(data.decode(json.detect_encoding(data))), 4)
        metadata = notebook.get("metadata", {})
        language = metadata.get("kernelspec", {}).get("language", "")
        language = language or metadata.get("language_info", {}).get("name", "") or "python"
        found = [(cell["cell_type"], str(cell["source"])) for cell in notebook.cells]
    except Exception as error:  # anything may be in it, and anything come of it
        said = shown(" ".join(str(error).split()))[:80]
        raise Unusable(f"it is no notebook that can be read ({said}): expected one that Jupyter saves") from None
    if not str(language).lower().startswith(("python", "ipython")):
        raise Unusable(f"its cells are in {shown(str(language))[:40]}: expected a notebook with a Python kernel")
    yield from ((number, text) for number, (kind, text) in enumerate(found, 1) if kind == "code")


def _python(text: str) -> tuple[list[str], Exception | None]:
    """A cell's lines, those of the notebook's own language (``%matplotlib inline``, ``!pip``) as comments.

    Such lines are found where Python stumbles over them: in the middle of a text they mean nothing. What else it
    stumbles over comes back as well.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(_PYTHON_AFTER_ALL):
        return [f"# {line}" for line in lines], None
    for _ in range(_MOST_OTHER_LINES):
        error = _error(lines)
        at = min((getattr(error, "lineno", None) or 1) - 1, len(lines) - 1)
        if error is None or not _OTHER_LINES.match(lines[at]):
            return lines, error
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        goes_on, lines[at] = lines[at].endswith("\\"), f"{indent}pass  # {lines[at].strip()}"
        while goes_on and at + 1 < len(lines):  # a shell's command, in the next line
            at += 1
            goes_on, lines[at] = lines[at].endswith("\\"), f"# {lines[at].strip()}"
    return lines, _error(lines)


def _error(lines: list[str]) -> Exception | None:
    try:
        with warnings.catch_warnings():  # about the student's text
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error
    return None
