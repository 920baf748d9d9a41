"""A grader that stays warm for a notebook: ``python -m grading.notebook.grader``. It ends when its input does."""

import io
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

import nbformat
from rich.console import Console

from ..contract import courses
from ..grader import Run, grade
from ..report import Row, rows, terminal
from ..report.page import code, fragment
from ..report.quoted import quoted
from ..sandbox.fork_server import ForkServer
from ..submissions import opened
from ..verdicts import FAILED, GraderFault, Unusable

_COLUMNS = 120  # of the text, where no HTML is shown
_HINTS = "mistake"


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what is printed meanwhile is no answer
    with ForkServer() as fork_server:
        for line in sys.stdin:
            print(json.dumps(answer(fork_server, **json.loads(line))), file=answers, flush=True)


def answer(fork_server: ForkServer, cells: list[str], tasks: list[str], seed: int | None) -> dict[str, str]:
    """What is said of these functions of a notebook with these cells, as text and as HTML."""
    number = secrets.randbelow(1 << 32) if seed is None else seed
    course = courses.load("all").only(tasks)
    try:
        with tempfile.TemporaryDirectory() as folder, opened(_written(Path(folder), cells), kit="none") as submission:
            verdicts = grade(fork_server, Run(submission, tuple(tasks), number))
            table = rows(course, {one.task: one for one in verdicts})
            codes = {one.task: code(submission.folder, one, _HINTS) for one in verdicts if one.outcome == FAILED}
    except (Unusable, GraderFault) as why:
        return {"text": quoted(str(why))}
    ends = f"seed {number}: check(…, seed={number}) draws the same inputs again"
    return {"text": "\n".join([*map(_text, table), ends]), "html": fragment(table, codes, ends)}


def _written(folder: Path, cells: list[str]) -> Path:
    """The cells as a notebook to hand in. Its third cell is the one that was run as ``In [3]``."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    return path


def _text(row: Row) -> str:
    console = Console(file=io.StringIO(), width=_COLUMNS, highlight=False, color_system=None)
    terminal.block(console, row, row.told(_HINTS))
    return console.file.getvalue().strip()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
