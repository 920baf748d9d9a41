"""Which files are yours: those in ``homework/``, or the Python of the kit that ``hw/`` lies in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .course import HERE, HOMEWORK, IN_A_KIT
from .lent.submissions.saved import SOURCES, Look, look

_NO_HOMEWORK = ("__pycache__", "__MACOSX", "venv", "node_modules", "Thumbs.db", "desktop.ini")


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is never yours."""
    return name.startswith(".") or name in _NO_HOMEWORK or (IN_A_KIT and name == HERE.name)


def looked_at() -> Look:
    """When each of your sources was saved."""
    return look(HOMEWORK, is_ignored)


def files() -> Iterator[Path]:
    """All that may be handed in: of a kit its sources, since it holds much that the course gave."""
    for path in sorted(HOMEWORK.rglob("*")):
        if any(map(is_ignored, path.relative_to(HOMEWORK).parts)) or (IN_A_KIT and path.suffix not in SOURCES):
            continue
        if path.is_file() and not path.is_symlink():
            yield path
