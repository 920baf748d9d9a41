"""One hand-in of a class, graded into the store."""

import shutil
import tempfile
from pathlib import Path

from ..contract import courses
from ..grader import Run, grade
from ..report.results import Results
from ..sandbox.deadline import Deadline
from ..sandbox.fork_server import ForkServer
from ..submissions import opened
from ..submissions.folder import is_ignored
from ..verdicts import Unusable
from .hand_in import HandIn
from .store import GRADED, UNUSABLE, Store
from .wanted import Wanted


def grade_one(fork_server: ForkServer, hand_in: HandIn, folder: Path, digest: str, wanted: Wanted, store: Store) -> str:
    """Grade what lies below ``folder`` and keep the result; what came of it."""
    deadline, asked, seed = Deadline.after(wanted.deadline), wanted.asked, wanted.seed_of(hand_in)
    with tempfile.TemporaryDirectory(prefix="hand-in-") as scratch:
        path = as_handed_in(hand_in, folder, Path(scratch))
        try:
            with opened(path, asked.limit_mb if asked is not None else None, wanted.kit) as submission:
                course = courses.only(submission.course(asked), wanted.only)
                results = Results(course, seed, wanted.hints_of(hand_in, course), submission.notes)
                run = Run(
                    submission,
                    tuple(course.functions),
                    seed.number,
                    forbidden=course.forbidden,
                    deadline=deadline,
                    fixtures=wanted.fixtures,
                )
                grade(fork_server, run, results.take)
                store.put(hand_in, digest, wanted, results, submission)
        except Unusable as why:
            store.put_reason(hand_in, digest, UNUSABLE, str(why).removeprefix(f"{path}: "))
            return UNUSABLE
    return GRADED


def as_handed_in(hand_in: HandIn, folder: Path, scratch: Path) -> Path:
    """What is opened: the one thing that was handed in, or a folder with each of several, as the student called them."""
    if len(hand_in.files) == 1:
        ((called, place),) = hand_in.files.items()
        path = _only_file(folder / place)
        if path.is_dir() or path != folder / place or called in (path.name, ".", ".."):
            return path
        return shutil.copyfile(path, scratch / called)
    together = scratch / "hand-in"
    together.mkdir()
    for called, place in hand_in.files.items():
        shutil.copyfile(folder / place, together / (called if called not in (".", "..") else Path(place).name))
    return together


def _only_file(path: Path) -> Path:
    """A system's folder with one file in it: that file was handed in."""
    if path.is_dir():
        inside = [one for one in path.iterdir() if not is_ignored(one.name)]
        if len(inside) == 1 and inside[0].is_file() and not inside[0].is_symlink():
            return inside[0]
    return path
