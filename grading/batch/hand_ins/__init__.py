"""Whose a file of a download is, by its name. Each system names its files in its own way, and has a file here.

A system is a function ``found(listing)``: its hand-ins, or None where the names are not of its kind; where they are
nobody's it is ``folders``. Whatever lies in a download is in one of its hand-ins, if only to say why it cannot be graded.
"""

from collections.abc import Callable
from pathlib import Path

from ...submissions.finding import is_laid_out
from ..hand_in import HandIn, with_keys
from ..opening import Listing
from . import canvas, folders, gradescope, moodle

_SYSTEMS: dict[str, Callable[[Listing], list[HandIn] | None]] = {
    "gradescope": gradescope.found,
    "moodle": moodle.found,
    "canvas": canvas.found,
}


def read(listing: Listing) -> tuple[str, Listing, list[HandIn]]:
    """The system that it comes from, where its hand-ins lie, and those in the order of their keys."""
    while True:
        for system, found in _SYSTEMS.items():
            hand_ins = found(listing)
            if hand_ins is not None:
                return system, listing, with_keys(hand_ins)
        wrapping = _wrapping(listing)
        if wrapping is None:
            return "folders", listing, with_keys(folders.found(listing))
        listing = listing.within(wrapping)


def _wrapping(listing: Listing) -> str | None:
    """The only folder, where it is no hand-in itself but what they were put into."""
    there = [name for name in listing.names if not listing.problem(name)]
    if len(there) != 1 or not _holds_hand_ins(listing.folder / there[0]):
        return None
    return there[0]


def _holds_hand_ins(folder: Path) -> bool:
    return folder.is_dir() and not is_laid_out(folder) and not (folder / ".git").exists()
