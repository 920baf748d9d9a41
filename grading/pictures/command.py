"""``python -m grading smoke``: what its arguments mean, and what it prints."""

import argparse

from rich.console import Console

from ..submission import Unusable, locate
from ..tasks import MODULES
from ..zygote import Zygote
from . import report
from .run import FAILED, Outcome, calibrate, chosen, run
from .worlds.shipped import Shipped

__all__ = ["main"]

COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}


def main(zygote: Zygote, arguments: argparse.Namespace) -> int:
    """0 if nothing failed, 1 otherwise."""
    try:
        todo = chosen(arguments.only)
    except ValueError as error:
        raise Unusable(f"--only {error}") from error
    world = Shipped(arguments.seed, arguments.device)
    if arguments.calibrate is not None:
        if arguments.calibrate < 2:
            raise Unusable(f"--calibrate {arguments.calibrate}: expected at least 2 seeds, to measure a spread")
        calibrate(todo, arguments.calibrate, arguments.device)
        return 0
    folder = locate(arguments.path, MODULES)
    console = Console(highlight=False)
    outcomes: list[Outcome] = []
    for outcome in run(zygote, folder, world, todo):
        outcomes.append(outcome)
        colour = COLOURS[outcome.outcome]
        console.print(f"[{colour}]{outcome.outcome:8}[/] {outcome.name}  [dim]{outcome.seconds:.1f} s[/]")
        for problem in outcome.problems:
            console.print(f"         {problem}", markup=False)
    report.write(outcomes, str(arguments.path), arguments.seed, arguments.device, arguments.out)
    console.print(f"seed {arguments.seed}; pictures and measures: {arguments.out / 'index.html'}", markup=False)
    return int(any(outcome.outcome == FAILED for outcome in outcomes))
