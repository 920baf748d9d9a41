"""A notebook, split into its cells: ``proj5.ipynb/cell 7`` is a file with the seventh cell's text, line by line.

So every place in a report, every quoted line and every repair leads to the cell by itself. Nothing is run here; what
the worker runs of a cell are its definitions (``sandbox/inside/cells.py``).
"""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..sandbox import limits
from ..verdicts import Unusable
from .archive import Room
from .cell_text import python
from .folder import is_ignored, shown

_WRITES = re.compile(r"%%(?:writefile|file)[ \t]+[\"']?([\w./-]+\.py)[\"']?[ \t]*(?:\n|$)")


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
        file = _written(text, target.parent)
        with contextlib.suppress(OSError):  # a name that no file can have
            if file is not None and not file.exists():
                room.take_file()
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("\n" + text.partition("\n")[2], encoding="utf-8", errors="replace")  # lines as there
        lines, error = python(text)
        if error is not None:
            line, why = getattr(error, "lineno", None) or 1, getattr(error, "msg", None) or str(error)
            notes.append(f"{shown(source.name)}, cell {number}, line {line}: {why}: what this cell defines is missing")
        (target / f"cell {number}").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
    return notes


def _written(text: str, folder: Path) -> Path | None:
    """The module that a cell writes (``%%writefile ddpm.py``), where it lands beside the notebook; or nothing."""
    names = _WRITES.match(text)
    if names is None:
        return None
    name = PurePosixPath(names[1])
    inside = PurePosixPath(name.name) if name.is_absolute() or ".." in name.parts else name
    return None if any(is_ignored(part) for part in inside.parts) else folder / inside


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
