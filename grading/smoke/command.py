"""``python -m grading smoke``: what its arguments mean, and what it prints."""

import argparse

from rich.console import Console

from ..submission import Unusable, locate
from ..tasks import MODULES
from ..zygote import Zygote
from . import demonstrations as _registered  # noqa: F401
from . import report
from .run import FAILED, Outcome, calibrate, chosen, missing_models, run
from .stage import Stage

__all__ = ["main"]

COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}


def main(zygote: Zygote, arguments: argparse.Namespace) -> int:
    """0 if nothing failed, 1 otherwise."""
    try:
        todo = chosen(arguments.only)
    except ValueError as error:
        raise Unusable(f"--only {error}") from error
    if missing := missing_models():
        names = ", ".join(missing)
        raise Unusable(f"fixtures/models lacks {names}; train them with `nox -s train -- NAME`, or restore the folder")
    stage = Stage(arguments.seed, arguments.device)
    if arguments.calibrate:
        calibrate(todo, arguments.calibrate, arguments.device)
        return 0
    folder = locate(arguments.path, MODULES)
    console = Console(highlight=False)
    outcomes: list[Outcome] = []
    for outcome in run(zygote, folder, stage, todo):
        outcomes.append(outcome)
        colour = COLOURS[outcome.outcome]
        console.print(f"[{colour}]{outcome.outcome:8}[/] {outcome.name}  [dim]{outcome.seconds:.1f} s[/]")
        for problem in outcome.problems:
            console.print(f"         {problem}", markup=False)
    report.write(outcomes, str(arguments.path), arguments.seed, arguments.device, arguments.out)
    console.print(f"seed {arguments.seed}; pictures and measures: {arguments.out / 'index.html'}", markup=False)
    return int(any(outcome.outcome == FAILED for outcome in outcomes))
