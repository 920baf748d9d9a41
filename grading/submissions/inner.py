"""What lies within a hand-in is opened in its place: archives and notebooks become folders of the same name.

A line of a file in them is named as everywhere: ``part_a.zip/ddpm.py:12``, ``proj5.ipynb, cell 7, line 3``. What cannot be
opened costs nothing but itself.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..sandbox import limits
from ..verdicts import Unusable
from . import archive, notebook
from .folder import shown

_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")  # by name: a checkpoint or a table of numbers is a .zip, too
_CODE = (".py", ".ipynb", *_ARCHIVES)


def open_all(root: Path, room: archive.Room, folder: Path | None = None, depth: int = 1) -> list[str]:
    """Open what lies in a folder, and in what is opened; what was left out, and why."""
    notes = []
    for path in list(_files(folder or root)):
        name = shown(str(path.relative_to(root)))
        beside = path.with_name(f".{path.name}.opened")  # hidden, so that it is nobody's
        try:
            if path.suffix == ".ipynb":
                said = notebook.split(path, beside, room)
            elif path.name.lower().endswith(_ARCHIVES) and depth <= limits.ARCHIVE_DEPTH and archive.kind(path):
                said = archive.unpack(path, beside, room)
                if not any(one.name.lower().endswith(_CODE) for one in _files(beside)):
                    shutil.rmtree(beside)  # data
                    continue
            else:
                continue
        except Unusable as why:
            shutil.rmtree(beside, ignore_errors=True)
            notes.append(f"{name}: {why}: it was left out")
            continue
        path.unlink()
        beside.rename(path)
        notes += said
        if path.suffix != ".ipynb":
            notes += open_all(root, room, path, depth + 1)
    return notes


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(files) if not (path := Path(place, name)).is_symlink())
