"""Make the courses' pictures with a submission's functions, and measure them."""

import argparse
from pathlib import Path

from ..paths import ROOT
from ..sandbox.fork_server import ForkServer
from ..verdicts import Unusable
from . import AMISS, DONE, _arguments

HELP = "make the courses' pictures with a submission's functions, and measure them"
COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, default=ROOT / "reference", help="default: reference")
    parser.add_argument(
        "--course",
        metavar="NAME|FILE.toml",
        help="whose rules hold: whether right functions are lent in the place of missing ones; default: as `grade`",
    )
    parser.add_argument("--only", default="", metavar="WORD,…", help="demonstrations with one of these in their names")
    parser.add_argument("--out", type=Path, default=Path("runs/smoke"), metavar="DIR", help="default: runs/smoke")
    parser.add_argument("--seed", type=int, default=0, help="of all noise; default: 0")
    parser.add_argument("--device", default="cpu", help="where the networks run; default: cpu")
    parser.add_argument(
        "--calibrate", type=int, metavar="SEEDS", help="measure the reference, and expect that of others"
    )


def run(arguments: argparse.Namespace) -> int:
    """0 if nothing failed, 1 otherwise."""
    if arguments.calibrate is not None:
        _arguments.expect_checkout("--calibrate")
    with ForkServer() as fork_server:
        return _smoke(fork_server, arguments)


def _smoke(fork_server: ForkServer, arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from ..contract import courses
    from ..pictures import report
    from ..pictures.lent import with_lent
    from ..pictures.run import FAILED, Outcome, calibrate, chosen, run
    from ..pictures.worlds.shipped import Shipped
    from ..submissions import opened

    try:
        todo = chosen(arguments.only)
    except ValueError as error:
        raise Unusable(f"--only {error}") from error
    world = Shipped(arguments.seed, arguments.device)
    if arguments.calibrate is not None:
        if arguments.calibrate < 2:
            raise Unusable(f"--calibrate {arguments.calibrate}: expected at least 2 seeds, to measure a spread")
        calibrate(todo, arguments.calibrate, arguments.device)
        return DONE
    out = _arguments.folder("--out", arguments.out)
    console = Console(highlight=False)
    outcomes: list[Outcome] = []
    asked = courses.load(arguments.course) if arguments.course else None
    beside = arguments.path.resolve() != (ROOT / "reference").resolve()
    with opened(arguments.path) as submission:
        lend = submission.course(asked).lend
        for outcome in run(fork_server, submission.folder, world, todo, lend, beside):
            outcomes.append(outcome)
            colour, lent = COLOURS[outcome.outcome], with_lent(outcome.lent)
            console.print(f"[{colour}]{outcome.outcome:8}[/] {outcome.name}  {lent}  [dim]{outcome.seconds:.1f} s[/]")
            for problem in outcome.problems:
                console.print(f"         {problem}", markup=False)
    report.write(outcomes, str(arguments.path), arguments.seed, arguments.device, out)
    console.print(f"seed {arguments.seed}; pictures and measures: {out / 'index.html'}", markup=False)
    return AMISS if any(outcome.outcome == FAILED for outcome in outcomes) else DONE
