"""Pack the grader for Gradescope: one zip to upload under "Configure Autograder"."""

import argparse
import math
from pathlib import Path

from ..contract import courses
from ..verdicts import HINTS, Unusable
from . import DONE, _arguments

HELP = "pack the grader as Gradescope's autograder.zip"
MINUTES = (1, 40)  # that Gradescope allows
PROCESSORS = (1, 4)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--course", required=True, metavar="NAME|FILE.toml", help="whose tasks and points")
    parser.add_argument("--hints", choices=HINTS, help="how much is said; default: what the course says")
    parser.add_argument("--secret", type=Path, metavar="FILE", help="draw each student's inputs from its content")
    parser.add_argument("--fixtures", type=Path, metavar="DIR", help="golden inputs of your own")
    parser.add_argument(
        "--minutes", type=float, default=10, metavar="N", help="the timeout of the assignment's settings; default: 10"
    )
    parser.add_argument(
        "--processors", type=int, default=1, metavar="N", help="the container's, at least one; default: 1"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("autograder.zip"), metavar="FILE", help="default: autograder.zip"
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when it is written."""
    from .. import seeds
    from ..autograder.pack import packed

    _arguments.expect_checkout("autograder")
    courses.load(arguments.course)
    for option, (least, most) in {"minutes": MINUTES, "processors": PROCESSORS}.items():
        given = getattr(arguments, option)
        if not (math.isfinite(given) and least <= given <= most):
            raise Unusable(f"--{option} {given:g}: expected a number from {least} to {most}")
    content = packed(
        arguments.course,
        _arguments.fixtures(arguments.fixtures),
        seeds.read(arguments.secret).key if arguments.secret is not None else None,
        arguments.minutes,
        arguments.processors,
        arguments.hints,
    )
    _arguments.write_out(arguments.out, content)
    print(f"{arguments.out} is written, {len(content) / 1e6:.1f} MB; set the timeout to {arguments.minutes:g} minutes")
    return DONE
