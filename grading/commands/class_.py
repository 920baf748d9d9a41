"""Grade a whole class: every hand-in of a download. The same command goes on where it was broken off."""

import argparse
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..sandbox.fork_server import ForkServer
from ..verdicts import Unusable
from . import AT_FAULT, DONE, _arguments

if TYPE_CHECKING:
    from ..batch.run import GradeAll

HELP = "grade a whole class: a Canvas, Moodle or Gradescope download, or a folder of hand-ins"
MOST_JOBS = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "hand_ins",
        type=Path,
        metavar="HAND_INS",
        help="a download, packed or not; a folder or archive of folders, archives, notebooks, .py files or clones",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where results are kept")
    _arguments.add_grading(parser)
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="hand-ins side by side, or tasks with --slurm; default: three for two processors, or 16 tasks",
    )
    parser.add_argument(
        "--slurm",
        nargs="*",
        metavar="FILE.toml|KEY=VALUE",
        help="grade in an array of SLURM jobs, which are asked for so: account=… partition=… time=… (minutes) mem=… …;"
        " or from a file such as grading/cluster/greatlakes.toml",
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when all are graded or cannot be, whatever the scores; 3 where the grader was at fault in any."""
    if arguments.slurm is not None:
        from ..batch.slurm import TASKS, Cluster, in_jobs

        cluster = Cluster.asked(arguments.slurm, _jobs(arguments.jobs or TASKS))
        return _class(partial(in_jobs, cluster), arguments)
    with ForkServer() as fork_server:
        from ..batch.run import here

        return _class(partial(here, fork_server, _jobs(arguments.jobs)), arguments)


def _class(grade_all: "GradeAll", arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.live import Live

    from ..batch import index, progress
    from ..batch.hand_ins import read
    from ..batch.opening import listed
    from ..batch.run import grade_class
    from ..batch.store import Store
    from ..batch.summary import at_fault, summary
    from ..batch.wanted import Wanted

    deadline = _arguments.seconds("--deadline", arguments.deadline)
    out = _out(arguments.out, arguments.hand_ins)
    store = Store(out)
    with store.locked(), store.unpacking() as unpacked:
        secret = _arguments.secret(arguments, arguments.hand_ins)
        seed = 0 if secret is not None else _arguments.seed(store.seed() if arguments.seed is None else arguments.seed)
        fixtures = _arguments.fixtures(arguments.fixtures)
        wanted = Wanted(
            *(arguments.course, arguments.only, arguments.kit, seed, arguments.hints, deadline), secret, fixtures
        )
        wanted.expect_usable()
        system, listing, hand_ins = read(listed(arguments.hand_ins, unpacked))
        if secret is None:
            store.keep_seed(seed)
        start = time.monotonic()
        # Without a refreshing thread: the graders are forked from this process.
        with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

            def show(done: int, todo: int) -> None:
                live.update(progress.said(done, todo, time.monotonic() - start), refresh=True)

            grade_class(grade_all, listing.folder, hand_ins, wanted, store, show)
        document = index.index(system, hand_ins, wanted, store)
        written = index.write(document, store)
    drawn = f"seed {seed}" if secret is None else f"inputs from the secret {secret.fingerprint}"
    console = Console(highlight=False)
    for line in [*summary(document), f"{drawn}; {', '.join(map(str, written))}"]:
        console.print(line, markup=False, soft_wrap=True)
    return AT_FAULT if at_fault(document) else DONE


def _jobs(given: int | None) -> int:
    if given is None:
        from ..grader.crew import jobs_of_a_class

        return jobs_of_a_class()
    if not 0 < given <= MOST_JOBS:
        raise Unusable(f"--jobs {given}: expected a whole number from 1 to {MOST_JOBS}")
    return given


def _out(out: Path, hand_ins: Path) -> Path:
    if hand_ins.is_dir() and out.resolve().is_relative_to(hand_ins.resolve()):
        raise Unusable(f"--out {out}: expected a folder that is not among the hand-ins")
    return _arguments.folder("--out", out)
