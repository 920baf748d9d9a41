"""Make the golden fixtures: test points and the reference's results for them. Files that agree are left as they are."""

import argparse
import sys
from pathlib import Path

from ..paths import FIXTURES
from ..verdicts import GraderFault
from . import AMISS, DONE, _arguments

HELP = "make the golden fixtures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say whether they are stale")
    parser.add_argument("--seed", type=int, help="draw the inputs from another seed")
    parser.add_argument("--out", type=Path, default=FIXTURES, metavar="DIR", help="default: fixtures")


def run(arguments: argparse.Namespace) -> int:
    """0 when they are there; 1 where ``--check`` finds them stale."""
    from ..checking import golden

    if arguments.check:
        try:
            stale = golden.stale()
        except GraderFault as fault:
            stale = [str(fault)]
        for problem in stale:
            print(f"fixtures are stale: {problem}; run `nox -s fixtures`", file=sys.stderr)
        return AMISS if stale else DONE
    if arguments.out == FIXTURES:
        _arguments.expect_checkout("fixtures without --out DIR")
    seed = golden.DEFAULT_SEED if arguments.seed is None else _arguments.seed(arguments.seed)
    written = golden.write(golden.build(seed), _arguments.folder("--out", arguments.out))
    print(
        f"{arguments.out}: {', '.join(written) or 'nothing'} written; what agrees to {golden.AGREEMENT:g} is left alone"
    )
    return DONE
