"""Measure the grader: every known mistake, mutants of the reference and correct solutions are graded."""

import argparse
from dataclasses import replace
from pathlib import Path

from ..contract import courses
from ..sandbox.fork_server import ForkServer
from ..verdicts import Unusable
from . import AMISS, DONE, _arguments

HELP = "measure the grader: mistakes, mutants and correct solutions against it"
WIDTH = 150  # of the table: cut off columns would say nothing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="MODULE[.FUNCTION],…", help="audit only these")
    parser.add_argument("--out", type=Path, default=Path("runs/audit"), metavar="DIR", help="default: runs/audit")
    parser.add_argument("--seed", type=int, help="draw the same inputs again; default: a new seed, which is printed")
    parser.add_argument("--jobs", type=int, default=2, help="graders side by side; default: 2")
    parser.add_argument("--all", action="store_true", help="grade mutants that are declared equivalent as well")
    parser.add_argument("--quick", action="store_true", help="a part of everything, drawn at random")
    parser.add_argument("--gradings", type=int, metavar="N", help="of correct solutions, each from a seed of its own")
    parser.add_argument("--strangers", type=int, metavar="N", help="edits of the other solutions")
    parser.add_argument("--couples", type=int, metavar="N", help="two of these in one function")
    parser.add_argument("--restyled", type=int, metavar="N", help="catalogued mistakes in other clothes")
    parser.add_argument("--sample", type=int, metavar="N", help="only write N explanations, for a reader to judge")
    parser.add_argument("--write", action="store_true", help="write the measured table and the README's numbers, too")


def run(arguments: argparse.Namespace) -> int:
    """0 if everything is as it should be, 1 otherwise."""
    _arguments.expect_checkout("audit")
    with ForkServer() as fork_server:
        return _audit(fork_server, arguments)


def _audit(fork_server: ForkServer, arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.live import Live

    from ..audit import equivalent, publish, report, sample
    from ..audit.audit import audit
    from ..audit.size import FULL, QUICK

    seed = _arguments.seed(arguments.seed)
    if arguments.jobs < 1:
        raise Unusable(f"--jobs {arguments.jobs}: expected at least 1")
    if arguments.write and (arguments.only or arguments.quick):
        raise Unusable("--write: expected a whole audit, without --only or --quick")
    size = QUICK if arguments.quick else FULL
    for name in ("gradings", "strangers", "couples", "restyled", "sample"):
        given = getattr(arguments, name)
        if given is not None and given < 0:
            raise Unusable(f"--{name} {given}: expected 0 or more")
        if given is not None and name != "sample":
            size = replace(size, **{name: given})
    tasks = courses.only(courses.load("all"), arguments.only).functions
    out = _arguments.folder("--out", arguments.out)
    if arguments.sample:
        print(sample.write(fork_server, tasks, seed, arguments.sample, arguments.jobs, out))
        return DONE
    console = Console(highlight=False, width=max(Console().width, WIDTH))
    # Without a refreshing thread: the graders are forked from this process.
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def show(done: int, known: int) -> None:
            live.update(f"{done} of {known} graded", refresh=True)

        found = audit(fork_server, tasks, seed, equivalent.load(), arguments.jobs, arguments.all, show, size)
    report.write(found, out)
    written = [out / "audit.md", out / "audit.json"]
    if arguments.write:
        written += publish.write(found)
    console.print(report.table(found))
    for line in [*found.problems, *(f"warning: {warning}" for warning in found.warnings), "", *report.summary(found)]:
        console.print(line, markup=False, soft_wrap=True)
    console.print(", ".join(map(str, written)), markup=False, soft_wrap=True)
    return AMISS if found.problems else DONE
