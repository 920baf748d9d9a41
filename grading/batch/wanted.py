"""How a class is graded, and the digest of everything that decides one result: what is the same is not graded again."""

import hashlib
import json
import os
import stat
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from ..contract import courses
from ..contract.courses import Course
from ..paths import FIXTURES, ROOT
from ..sandbox import limits
from ..seeds import Secret, Seed, told
from ..submissions import kits
from ..submissions.folder import is_ignored
from .hand_in import HandIn

_TAKEN = 1 << 20  # bytes at a time
_FILES = (".py", ".toml", ".ini", ".html", ".css")
_DECIDE = ("torch", "numpy", "scipy", "hypothesis", "pytest")  # what grades are computed with


@dataclass(frozen=True)
class Wanted:
    course: str | None  # None: of each hand-in the course of its kit
    only: str
    kit: str
    seed: int  # 0 where the inputs come from a secret
    hints: str | None  # None: what the course says of the attempt
    deadline: float  # seconds; decides only what has run out of time
    secret: Secret | None = None
    fixtures: Path | None = None  # golden inputs and outputs; None: those that ship

    def expect_usable(self) -> None:
        """What is wrong with the arguments is said once, not for each hand-in."""
        kits.expect_known(self.kit)
        _ = self.widest

    @cached_property
    def asked(self) -> Course | None:
        return courses.load(self.course) if self.course else None

    @property
    def widest(self) -> Course:
        """All that may be graded: a hand-in's kit may ask for less."""
        return courses.only(self.asked or courses.load("all"), self.only)

    @cached_property
    def _settings(self) -> str:
        settings = [repr(self.asked), self.only, self.kit, self.seed, self.hints, grader(), self._goldens]
        return json.dumps(settings)

    @property
    def _goldens(self) -> str:
        """The manifest has a hash of each file."""
        return hashlib.sha256(((self.fixtures or FIXTURES) / "manifest.json").read_bytes()).hexdigest()

    def seed_of(self, hand_in: HandIn) -> Seed:
        return told(self.seed) if self.secret is None else self.secret.seed(hand_in.student)

    def hints_of(self, hand_in: HandIn, course: Course) -> str:
        return self.hints or course.hints_at(hand_in.attempt)

    def digest(self, hand_in: HandIn, folder: Path) -> str:
        """Of everything that decides the result of a hand-in; whose it is and when it came do not."""
        found = hashlib.sha256(self._settings.encode())
        if self.secret is not None:
            _say(found, self.secret.fingerprint, hand_in.student)
        _say(found, self.hints_of(hand_in, self.asked) if self.asked is not None else str(hand_in.attempt))
        room = limits.SUBMISSION_BYTES  # what is larger is refused, whatever it is
        for called, place in sorted(hand_in.files.items()):
            _say(found, "file", called if len(hand_in.files) > 1 or not (folder / place).is_dir() else "")
            room = _add(found, folder / place, room)
        return found.hexdigest()


def grader() -> str:
    """The version of the grader: its own files, and what it computes with."""
    found = hashlib.sha256()
    for package in ("grading", "reference"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in _FILES and path.is_file():
                _say(found, str(path.relative_to(ROOT)))
                found.update(path.read_bytes())
    _say(found, sys.version, *(version(name) for name in _DECIDE))
    return found.hexdigest()


def _add(found: "hashlib._Hash", path: Path, room: int) -> int:
    """Add names and bytes of a file or a folder; how much more may be looked at."""
    if not path.is_dir():
        return _add_file(found, path, room)
    for place, folders, files in os.walk(path):
        folders[:] = sorted(one for one in folders if not is_ignored(one))
        for name in sorted(one for one in files if not is_ignored(one)):
            _say(found, os.path.relpath(os.path.join(place, name), path))
            room = _add_file(found, Path(place, name), room)
    return room


def _add_file(found: "hashlib._Hash", path: Path, room: int) -> int:
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            _say(found, os.readlink(path) if stat.S_ISLNK(mode) else "no file")
            return room
        with path.open("rb") as file:
            _say(found, str(path.lstat().st_size))
            while room >= 0 and (taken := file.read(_TAKEN)):
                found.update(taken)
                room -= len(taken)
    except OSError as error:
        _say(found, f"unreadable: {error.errno}")
    return room


def _say(found: "hashlib._Hash", *texts: str) -> None:
    for text in texts:
        found.update(text.encode("utf-8", "surrogateescape") + b"\0")
