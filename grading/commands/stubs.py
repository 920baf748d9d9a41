"""Make a folder to work in, with the functions to write; or the checkout's own student_stubs/ anew from the reference."""

import argparse
import sys
from pathlib import Path

from ..contract import courses, stubs
from ..paths import STUBS
from ..verdicts import Unusable
from . import AMISS, DONE, _arguments

HELP = "make a folder to work in, from the reference's signatures and docstrings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, help="default: my_homework")
    parser.add_argument(
        "--course",
        metavar="NAME|FILE.toml",
        help="only the files that a course asks for, and what they import; with the traps or without, as it says",
    )
    parser.add_argument("--replace", action="store_true", help="also files that someone has written in; a copy is kept")
    parser.add_argument("--refresh", action="store_true", help="make the checkout's student_stubs/ anew instead")
    parser.add_argument(
        "--check", action="store_true", help="only say whether student_stubs/ is what the reference gives"
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when the files are there, 1 where ``--check`` finds a difference; refuses to overwrite anybody's work."""
    given = arguments.folder or arguments.course
    if given is not None and (arguments.refresh or arguments.check):
        option = "--refresh" if arguments.refresh else "--check"
        what = "folder" if arguments.folder is not None else "--course"
        raise Unusable(f"{option} is about the checkout's own student_stubs/: expected no {what}, got {given}")
    fresh = stubs.build() if arguments.course is None else stubs.of_course(courses.load(arguments.course))
    if arguments.check:
        differing = stubs.differing(fresh)
        for name, why in differing.items():
            print(f"student_stubs/{name} {why}; `nox -s stubs -- --refresh` makes it anew", file=sys.stderr)
        return AMISS if differing else DONE
    if arguments.refresh:
        _arguments.expect_checkout("--refresh")
    folder = STUBS if arguments.refresh else arguments.folder or Path("my_homework")
    written, kept = stubs.write(fresh, folder, replace=arguments.replace)
    if arguments.refresh:
        stubs.remember(fresh)
    print(f"{folder}: {len(written)} files written, {len(fresh) - len(written)} were as they should be")
    for copy in kept:
        print(f"what was there before is kept as {copy}")
    return DONE
