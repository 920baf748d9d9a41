"""Where the graded functions of a submission stand: a table in its copy, for those that have no module file at its top.

It lies among the copied files, and so wherever they are copied to. What is hidden is never copied from a submission:
no file of its own can stand in this one's place.
"""

import json
from pathlib import Path
from typing import NamedTuple

_FILE = ".places.json"


class Place(NamedTuple):
    file: str  # "hw5/ddpm.py"; a notebook is a folder of cells, "hw5/proj5.ipynb"
    name: str  # "posterior_step", or "ddpm_posterior_step" in an adapters.py


def write(folder: Path, table: dict[str, Place]) -> None:
    (folder / _FILE).write_text(json.dumps(table), encoding="utf-8")


def read(folder: Path) -> dict[str, Place]:
    """By task; nothing where every function is where it was asked for."""
    try:
        text = (folder / _FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return {task: Place(*place) for task, place in json.loads(text).items()}


def file_of(folder: Path, module: str, function: str) -> str:
    """The file that is imported for a function."""
    place = read(folder).get(f"{module}.{function}")
    return place.file if place is not None else f"{module}.py"
