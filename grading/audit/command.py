"""``python -m grading audit``: what its arguments mean, and what it prints."""

import argparse
import secrets

from rich.console import Console
from rich.live import Live

from ..submission import Unusable
from ..tasks import all_tasks, chosen
from ..zygote import Zygote
from . import equivalent, report
from .audit import audit

__all__ = ["main"]

WIDTH = 150  # of the table: cut off columns would say nothing


def main(zygote: Zygote, arguments: argparse.Namespace) -> int:
    """0 if everything is as it should be, 1 otherwise."""
    seed = secrets.randbelow(2**32 - 1) if arguments.seed is None else arguments.seed
    if not 0 <= seed < 2**32 - 1:
        raise Unusable(f"--seed {seed}: expected a whole number from 0 to 2**32 - 2")
    if arguments.jobs < 1:
        raise Unusable(f"--jobs {arguments.jobs}: expected at least 1")
    tasks = list(all_tasks())
    if arguments.only:
        try:
            tasks = chosen(arguments.only, tasks)
        except ValueError as error:
            raise Unusable(f"--only {error}") from error
    console = Console(highlight=False, width=max(Console().width, WIDTH))
    # Without a refreshing thread: the graders are forked from this process.
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def show(done: int, known: int) -> None:
            live.update(f"{done} of {known} graded", refresh=True)

        found = audit(zygote, tasks, seed, equivalent.load(), arguments.jobs, arguments.all, show)
    report.write(found, arguments.out)
    console.print(report.table(found))
    for line in [*found.problems, *(f"warning: {warning}" for warning in found.warnings), "", *report.summary(found)]:
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"{arguments.out / 'audit.md'}, {arguments.out / 'audit.json'}", markup=False, soft_wrap=True)
    return int(bool(found.problems))
