"""Files of results: written in one step, and known to be writable before anything is graded."""

import os
from pathlib import Path


def try_writing(path: Path) -> None:
    """OSError where the file could not be replaced; it is left as it is."""
    _partial(path).touch()
    _partial(path).unlink()


def write(path: Path, text: str) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    partial = _partial(path)
    partial.write_bytes(content)
    os.replace(partial, path)


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".part")
