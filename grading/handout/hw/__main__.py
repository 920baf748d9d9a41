"""``python -m hw check [MODULE[.FUNCTION] …] [--watch]`` and ``python -m hw submit [--out FILE]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .course import Unusable, chosen


def main() -> int:
    """0 when everything was checked, whatever came of it; 2 where something cannot be used."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a sign shows another one
    arguments = _parser().parse_args()
    try:
        return arguments.run(arguments)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hw", description="Check your homework, and hand it in.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="what is passed, what is failed, what is not implemented")
    check.add_argument("names", nargs="*", metavar="MODULE[.FUNCTION]", help="check only these")
    check.add_argument("--watch", action="store_true", help="again whenever a file is saved, what that changes")
    check.set_defaults(run=_check)
    submit = commands.add_parser("submit", help="make the zip to hand in")
    submit.add_argument("--out", type=Path, default=Path("submission.zip"), metavar="FILE")
    submit.set_defaults(run=_submit)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    tasks = chosen(arguments.names)
    if arguments.watch:
        from .watch import watch

        watch(tasks)
        return 0
    from . import report

    report.run(tasks)
    return 0


def _submit(arguments: argparse.Namespace) -> int:
    from .submit import submit

    print(submit(arguments.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
