"""What the graded functions still lack: points, checks, goldens, catalogued mistakes, the contract's signature, docstrings."""

import argparse
import sys

from . import AMISS, DONE

HELP = "list the graded functions; with --check, what each of them lacks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="say what is missing, and end with 1 if anything is")


def run(arguments: argparse.Namespace) -> int:
    """0 where nothing is missing."""
    from ..contract.functions import FUNCTIONS

    if not arguments.check:
        for function in FUNCTIONS:
            print(f"{function.task}({function.signature})")
        return DONE
    from ..audit.completeness import missing

    found = missing()
    for line in found:
        print(line, file=sys.stderr)
    return AMISS if found else DONE
