"""A download as it comes from a system: a folder as it is, an archive unpacked with as much care as a hand-in."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ..sandbox import limits
from ..submissions import archive
from ..submissions.finding import is_laid_out
from ..submissions.folder import is_ignored, shown
from ..verdicts import Unusable

EXPECTED = (
    "a Canvas, Moodle or Gradescope download, or a folder or archive of folders, archives, notebooks or .py files"
)
A_LINK = "it is a link: none is followed here"


@dataclass(frozen=True)
class Listing:
    """What lies in a folder of hand-ins, and what of it could not be unpacked."""

    folder: Path
    refused: tuple[tuple[tuple[str, ...], str], ...] = ()  # the parts of a name, and why

    @property
    def names(self) -> list[str]:
        """What lies at the top, and what should."""
        there = {one.name for one in self.folder.iterdir() if not is_ignored(one.name)}
        return sorted(there | {parts[0] for parts, _ in self.refused})

    def is_folder(self, name: str) -> bool:
        return os.path.isdir(self.folder / name)

    def problem(self, name: str) -> str:
        """Why what has this name cannot be opened."""
        path = self.folder / name
        if "/" not in name and name not in ("", ".", "..") and os.path.lexists(path):
            return A_LINK if path.is_symlink() else ""
        return next((why for parts, why in self.refused if parts[0] == name), "it is not there")

    def left_out(self, name: str) -> tuple[str, ...]:
        """What is missing within it."""
        return tuple(
            f"{shown('/'.join(parts[1:]))}: {why}: it was left out"
            for parts, why in self.refused
            if parts[0] == name and len(parts) > 1
        )

    def within(self, name: str) -> "Listing":
        """One folder down; what was refused beside that folder is still told."""
        told = tuple((parts[1:] if parts[0] == name and len(parts) > 1 else parts, why) for parts, why in self.refused)
        return replace(self, folder=self.folder / name, refused=told)


def listed(path: Path, scratch: Path) -> Listing:
    """What was downloaded; an archive is unpacked into a folder that is not there yet."""
    try:
        if path.is_dir():
            return _expect_a_class(path, Listing(path.resolve()))
        if not path.exists():
            raise Unusable(f"{path}: there is no such folder or file")
        if not path.is_file() or not archive.kind(path):
            raise Unusable(f"{path}: expected {EXPECTED}, got a file of another kind")
        refused: list[tuple[str, str]] = []
        room = archive.Room(limits.CLASS_BYTES, limits.CLASS_FILES)
        archive.unpack(path, scratch, room, lambda name, why: refused.append((name, why)))
    except Unusable as why:
        raise Unusable(str(why) if str(why).startswith(f"{path}: ") else f"{path}: {why}") from None
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from error
    return _expect_a_class(path, Listing(scratch, tuple(_in_parts(refused))))


def _in_parts(refused: Iterable[tuple[str, str]]) -> Iterable[tuple[tuple[str, ...], str]]:
    """A name that leads out of the archive has no place in it: it stands for itself."""
    for name, why in refused:
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        inside = parts and ".." not in parts and not name.startswith("/")
        yield (parts if inside else (name,)), why


def _expect_a_class(path: Path, listing: Listing) -> Listing:
    if is_laid_out(listing.folder):
        raise Unusable(f"{path}: this looks like one submission: expected {EXPECTED}; `grade` takes one")
    if not listing.names:
        raise Unusable(f"{path}: nothing is in it: expected {EXPECTED}")
    return listing
