"""Hold two runs over the same hand-ins against each other: who has other points, where, and why."""

import argparse
from pathlib import Path

from . import AMISS, DONE

HELP = "compare two runs over the same hand-ins: who changed, where, why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name, which in (("before", "the first run"), ("after", "the second")):
        parser.add_argument(
            name, type=Path, metavar=name.upper(), help=f"{which}: what `class --out` has written, or a results.json"
        )


def run(arguments: argparse.Namespace) -> int:
    """0 where nobody's verdicts or points changed, 1 where somebody's did."""
    from ..gradebooks import changes

    before, after = changes.read(arguments.before), changes.read(arguments.after)
    for line in changes.settings(before, after):
        print(line)
    found = list(changes.changes(before, after))
    for line in found:
        print(line)
    changed = sum(not line.startswith(" ") for line in found)
    print(f"{changed} of {len(before.hand_ins.keys() | after.hand_ins.keys())} changed")
    return AMISS if changed else DONE
