"""Notebooks that are run cell by cell in a real kernel, and what stands below each of their cells."""

import os
import re
from html import unescape
from pathlib import Path

import nbformat
from nbclient import NotebookClient

SECONDS = 600  # of one cell, on a busy machine


class Below:
    """What a cell has shown."""

    def __init__(self, cell) -> None:
        self.outputs = cell.outputs
        shown = [one.data for one in cell.outputs if one.output_type in ("execute_result", "display_data")]
        self.html = "".join(data.get("text/html", "") for data in shown)
        self.plain = "".join(data.get("text/plain", "") for data in shown)
        self.printed = "".join(one.text for one in cell.outputs if one.output_type == "stream")
        self.errors = [f"{one.ename}: {one.evalue}" for one in cell.outputs if one.output_type == "error"]

    @property
    def words(self) -> str:
        """The text of what is shown, its markup gone."""
        text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", self.html.replace("<wbr>", ""), flags=re.DOTALL)
        return " ".join(unescape(text).split())


def run(folder: Path, cells: dict[str, str], path: str = "") -> dict[str, Below]:
    """Run them one after the other, all in one kernel; ``path`` is its PYTHONPATH."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells.values()])
    private = {"IPYTHONDIR": str(folder / ".ipython"), "JUPYTER_RUNTIME_DIR": str(folder / ".jupyter")}
    variables = os.environ | private | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        startup_timeout=SECONDS,
        kernel_name="python3",
        allow_errors=True,
        resources=resources,
    )
    client.execute(env=variables)
    return {name: Below(cell) for name, cell in zip(cells, notebook.cells)}
