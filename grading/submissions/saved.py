"""When sources are saved. They are looked at again and again: that works on any system, and for any file system.

Editors write in pieces, or write another file and give it the old one's name. So a change counts once nothing goes on
changing; that a file is gone, or empty, only once it has been so for a while.

Handouts hold this file, too.
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

SOURCES = (".py", ".ipynb")
LOOK_EVERY = 0.1  # seconds
SETTLED = 0.04  # seconds without a change
GONE = 0.4  # seconds: what is replaced may not be there for a moment, and what is written anew is empty first
SHARE = 0.02  # of the time, at most, goes into looking

Look = dict[str, tuple[int, int]]  # by path: when it was saved, and its size


def look(path: Path, is_ignored: Callable[[str], bool]) -> Look:
    """Of the sources in a folder, or of one file."""
    if not path.is_dir():
        return _stamped(path.parent, [path.name])
    found = Look()
    for place, folders, files in os.walk(path):
        folders[:] = [one for one in folders if not is_ignored(one)]
        sources = [one for one in files if one.endswith(SOURCES) and not is_ignored(one)]
        found |= _stamped(path, [os.path.relpath(os.path.join(place, one), path) for one in sources])
    return found


def _stamped(folder: Path, names: list[str]) -> Look:
    found = Look()
    for name in names:
        with contextlib.suppress(OSError):  # it is gone
            stat = os.stat(folder / name)
            found[name.replace(os.sep, "/")] = stat.st_mtime_ns, stat.st_size
    return found


class Saved:
    """What has been saved since one last asked."""

    def __init__(self, look: Callable[[], Look]) -> None:
        self._look, self._known = look, look()
        self._new, self._since, self.pause = self._known, 0.0, LOOK_EVERY

    def changed(self) -> list[str]:
        """The files that were saved, made or deleted; none while that may still be going on."""
        start = time.monotonic()
        now = self._look()
        if now != self._new:
            self._new, self._since = now, start
        took = time.monotonic() - start
        self.pause = max(LOOK_EVERY if now == self._known else SETTLED / 2, took / SHARE)  # until the next look
        gone = any(size and not now.get(name, (0, 0))[1] for name, (_, size) in self._known.items())
        if now == self._known or start - self._since < (GONE if gone else SETTLED):
            return []
        changed = sorted(name for name in {*now, *self._known} if now.get(name) != self._known.get(name))
        self._known = now
        return changed
