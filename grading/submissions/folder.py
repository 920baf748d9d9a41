"""A handed-in folder, copied without following anything that leads out of it.

The copy is made with the grader's rights. A link to the reference would hand out the answers, one to a home folder its
files, one to a data set its size, and one to the folder itself would never end. So links are not followed: those that
stay inside are made anew as links, all others are left out and named. What cannot be read, or is no file at all (a
FIFO, a socket, a device), is left out and named too, and costs nothing but itself.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from ..sandbox import limits
from ..verdicts import GraderFault, Unusable

_IGNORED = (
    "__pycache__",
    ".*",
    "venv",
    "node_modules",
    "__MACOSX",
    "Thumbs.db",
    "desktop.ini",
)  # no homework is in them
_TAKEN = 1 << 20  # bytes at a time
_MOST_NOTES = 20
OURS = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)  # what is wrong with this machine, not with the files


def copy(source: Path, target: Path, name: str) -> list[str]:
    """Copy a folder; what was left out, and why. ``name`` is what the folder is called in an error."""
    notes: list[str] = []
    room = limits.SUBMISSION_BYTES
    target.mkdir(parents=True)
    for place, handle, entries in _walk(source, notes):
        (target / place).mkdir(exist_ok=True)
        for entry in entries:
            at = os.path.normpath(os.path.join(place, entry))
            try:
                mode = os.stat(entry, dir_fd=handle, follow_symlinks=False).st_mode
                if stat.S_ISLNK(mode):
                    os.symlink(_inside(source, at), target / at)
                elif stat.S_ISREG(mode):
                    room -= _copy_file(entry, handle, target / at, room, name)
                else:
                    notes.append(f"{shown(at)} is no file: it was left out")
            except _LeadsOut as out:
                notes.append(f"{shown(at)} {out}: it was not followed")
            except OSError as error:
                if error.errno in OURS:
                    raise GraderFault(f"{name} cannot be copied: {error.strerror}") from error
                notes.append(f"{shown(at)} cannot be read ({error.strerror}): it was left out")
    rest = len(notes) - _MOST_NOTES
    return notes[:_MOST_NOTES] + [f"{rest} more were left out"] * (rest > 0)


def _walk(source: Path, notes: list[str]) -> Iterator[tuple[str, int, list[str]]]:
    """Every folder below, as its relative path, an open handle, and what is in it that is no folder."""

    def unreadable(error: OSError) -> None:
        where = os.path.relpath(str(error.filename), source) if error.filename else "a folder"
        notes.append(f"{shown(where)} cannot be read ({error.strerror}): it was left out")

    # Handles, not paths: a folder that is exchanged for a link in the meantime is not entered.
    for place, folders, files, handle in os.fwalk(source, onerror=unreadable, follow_symlinks=False):
        kept = [one for one in folders if not is_ignored(one)]
        links = [one for one in kept if _is_link(one, handle)]
        relative = os.path.relpath(place, source)
        folders[:] = sorted(one for one in kept if one not in links)
        if folders and relative.count(os.sep) >= limits.SUBMISSION_DEPTH:
            notes.append(f"{shown(relative)} holds folders that are nested too deeply: they were left out")
            folders.clear()
        yield relative, handle, sorted(one for one in [*files, *links] if not is_ignored(one))


def _is_link(entry: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(entry, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False  # what is wrong with it is found out, and said, where it is opened


def is_ignored(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _IGNORED)


class _LeadsOut(Exception):
    """A link that does not stay inside; the message says where it leads."""


def _inside(source: Path, at: str) -> str:
    """What a link that stays inside has to say to stay inside a copy, too."""
    link = os.path.join(source, at)
    real, root = os.path.realpath(link), os.path.realpath(source)
    if os.path.commonpath([real, root]) != root:
        raise _LeadsOut("leads out of the submission" if os.path.exists(real) else "leads to nothing")
    if not os.path.exists(real):
        raise _LeadsOut("leads to nothing")
    return os.path.relpath(real, os.path.realpath(os.path.dirname(link)))


def _copy_file(entry: str, folder: int, target: Path, room: int, name: str) -> int:
    """Copy one file; its size. What is no longer a plain file when it is opened is refused like one that never was."""
    handle = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "no file")
        if os.fstat(handle).st_size > room:
            raise Unusable(f"{name}: more than {limits.SUBMISSION_BYTES >> 20} MB; leave out data sets and checkpoints")
        with open(target, "wb") as copied:
            shutil.copyfileobj(file, copied, _TAKEN)
            return copied.tell()


def shown(path: str) -> str:
    """A name as it can be printed."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
