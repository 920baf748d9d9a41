"""Make the courses' pictures with a submission's functions, and measure them."""

import argparse
from pathlib import Path

from ..paths import ROOT
from ..sandbox.fork_server import ForkServer
from . import _arguments

HELP = "make the courses' pictures with a submission's functions, and measure them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, default=ROOT / "reference", help="default: reference")
    parser.add_argument("--only", default="", metavar="WORD,…", help="demonstrations with one of these in their names")
    parser.add_argument("--out", type=Path, default=Path("runs/smoke"), metavar="DIR", help="default: runs/smoke")
    parser.add_argument("--seed", type=int, default=0, help="of all noise; default: 0")
    parser.add_argument("--device", default="cpu", help="where the networks run; default: cpu")
    parser.add_argument(
        "--calibrate", type=int, metavar="SEEDS", help="measure the reference, and expect that of others"
    )


def run(arguments: argparse.Namespace) -> int:
    """0 if nothing failed, 1 otherwise."""
    _arguments.folder("--out", arguments.out)
    with ForkServer() as fork_server:
        from ..smoke import command

        return command.main(fork_server, arguments)
