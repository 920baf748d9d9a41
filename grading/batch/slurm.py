"""A class as jobs of a SLURM cluster: an array of tasks that grade into the store, and this side, which waits for them.

What counts is what a task has written: into the store each result, and after it a line in the task's own diary. A task that
is killed, lost or requeued loses the hand-in at its hands; what has no line when all tasks are gone is asked for again.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from ..sandbox.fork_server import ForkServer
from ..verdicts import GraderFault, Unusable
from .run import Piece, Take, here
from .store import Store
from .wanted import Wanted

TASKS = 16  # at most, where nothing else is asked for
_ROUNDS = 3  # what was lost with its task twice is the grader's fault
_LOOK_EVERY = 1.0  # seconds
_SHARING = 90  # times that a result is looked for
_UNREACHABLE = 600.0  # seconds for which nothing can be heard of SLURM, until its jobs count as lost


@dataclass(frozen=True)
class Cluster:
    """What each task of the array asks SLURM for; the names are those of ``submitit``'s SLURM executor."""

    options: Mapping[str, Any]
    tasks: int = TASKS

    @classmethod
    def asked(cls, words: Sequence[str], tasks: int) -> "Cluster":
        """From a file, and options that win over it: ``greatlakes.toml account=eecs498s014f24_class``."""
        options: dict[str, Any] = {}
        for word in words:
            key, given, value = word.partition("=")
            if given:
                options[key] = int(value) if value.isdecimal() else value
            else:
                options = _of_file(Path(word)) | options
        return cls(options, tasks)

    def executor(self, folder: Path) -> Any:
        try:
            import submitit
        except ImportError:
            raise Unusable("--slurm: submitit is not installed: pip install submitit") from None
        try:
            executor = submitit.SlurmExecutor(folder)
            executor.update_parameters(**{"job_name": "class", **self.options})
        except RuntimeError as error:
            raise Unusable(f"--slurm: {error}") from None
        except (TypeError, ValueError) as error:
            raise Unusable(f"--slurm: {str(error).splitlines()[0]}") from None
        return executor


def _of_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unusable(f"--slurm {path}: expected a file such as grading/cluster/greatlakes.toml: {error}") from None


@dataclass(frozen=True)
class Task:
    """What one task of the array is handed."""

    pieces: Sequence[tuple[int, Piece]]  # each with its number in the class
    folder: Path
    wanted: Wanted
    out: Path
    diary: Path


def in_jobs(cluster: Cluster, pieces: Sequence[Piece], folder: Path, wanted: Wanted, store: Store, take: Take) -> None:
    """Grade all pieces; ``take`` is told of each as it comes."""
    place = store.out / ".slurm"
    _end_what_runs(place)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)  # the tasks' settings lie there, and a secret among them
    left, lost = list(range(len(pieces))), f"its SLURM task ended without a result, {_ROUNDS} times: {place / 'logs'}"
    reasons: dict[int, str] = {}
    for number in range(_ROUNDS):
        if not left:
            return
        tasks = [
            Task([(i, pieces[i]) for i in own], folder, wanted, store.out, place / f"{number}-{which}.jsonl")
            for which, own in enumerate(dealt(left, cluster.tasks))
        ]
        jobs = submit(cluster, place / "logs", tasks)
        (place / "jobs.json").write_text(json.dumps(jobs))
        try:
            for piece, came, why in lines([task.diary for task in tasks], jobs):
                if came is None:  # also what a task says that is being killed: it is asked for again
                    reasons[piece] = why
                elif piece in left and _is_here(store, pieces[piece]):
                    left.remove(piece)
                    take(piece, came, why)
                if not left:
                    break
        finally:
            if left:
                _cancel(jobs)
    for piece in left:
        take(piece, None, reasons.get(piece, lost))


def _is_here(store: Store, piece: Piece) -> bool:
    """Whether a result that another machine has written is seen here: a shared file system takes its time."""
    digest, hand_in = piece
    for _ in range(_SHARING):
        record = store.record(hand_in.key)
        if record is not None and record["came"]["digest"] == digest:
            return True
        time.sleep(_LOOK_EVERY)
    return False


def submit(cluster: Cluster, logs: Path, tasks: Sequence[Task]) -> list[str]:
    """Have an array started; the numbers that SLURM gives it."""
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    try:
        started = cluster.executor(logs).map_array(grade_task, tasks)
    except (FailedJobError, FailedSubmissionError) as error:
        raise Unusable(f"--slurm: {' '.join(str(error).split())}") from None
    return sorted({job.job_id.split("_")[0] for job in started})


def grade_task(task: Task) -> None:
    """One task of the array: what it has graded already, before it was requeued, is not graded again."""
    store = Store(task.out)
    with task.diary.open("a", encoding="utf-8") as diary, ForkServer() as fork_server:

        def note(number: int, came: str | None, why: str) -> None:
            diary.write(json.dumps([number, came, why]) + "\n")
            diary.flush()

        todo = []
        for number, (digest, hand_in) in task.pieces:
            if store.is_done(hand_in.key, digest, task.wanted.deadline):
                note(number, "", "")
            else:
                todo.append((number, (digest, hand_in)))

        def take(which: int, came: str | None, why: str) -> None:
            note(todo[which][0], came, why)

        processors = len(os.sched_getaffinity(0))
        here(fork_server, processors, [piece for _, piece in todo], task.folder, task.wanted, store, take)


def dealt(left: Sequence[int], tasks: int) -> Iterator[list[int]]:
    for first in range(min(tasks, len(left))):
        yield list(left[first::tasks])


def lines(paths: Sequence[Path], jobs: Sequence[str]) -> Iterator[tuple[int, str | None, str]]:
    """The lines that tasks write, as they come, until all tasks are gone."""
    read = dict.fromkeys(paths, 0)
    heard = time.monotonic()
    while True:
        running = alive(jobs)
        heard = time.monotonic() if running is not None else heard
        gone = running is False or time.monotonic() - heard > _UNREACHABLE
        for path in paths:
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                file.seek(read[path])
                for line in file:
                    if not line.endswith(b"\n"):  # a task is writing it, or was killed while it did
                        break
                    read[path] += len(line)
                    piece, came, why = json.loads(line)
                    yield piece, came, why
        if gone:
            return
        time.sleep(_LOOK_EVERY)


def alive(jobs: Sequence[str]) -> bool | None:
    """Whether any task waits or runs; None where SLURM does not answer. Not by ``sacct``: many clusters keep no accounts."""
    asked = _slurm("squeue", "--noheader", "--jobs", ",".join(jobs), "--format", "%T")
    if asked.returncode == 0:
        return bool(asked.stdout.strip())
    return False if "Invalid job id" in asked.stderr else None


def _end_what_runs(place: Path) -> None:
    """The jobs of a run that was killed on this side."""
    with contextlib.suppress(OSError, ValueError):
        _cancel(json.loads((place / "jobs.json").read_text()))


def _cancel(jobs: Sequence[str]) -> None:
    if jobs:
        _slurm("scancel", *jobs)


def _slurm(*command: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_UNREACHABLE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GraderFault(f"{command[0]} cannot be run: {error}") from error
