"""Make the zip that students work in: a course's stubs, public checks, and what makes the file to hand in; no answers."""

import argparse
from pathlib import Path

from ..contract import courses
from ..submissions import kits
from ..verdicts import Unusable
from . import DONE, _arguments

HELP = "make the zip that students work in"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--course", required=True, metavar="NAME|FILE.toml", help="whose tasks and points")
    parser.add_argument("--out", type=Path, default=Path("handout.zip"), metavar="FILE", help="default: handout.zip")

    parser.add_argument(
        "--kit",
        nargs="?",
        const="",
        metavar="NAME",
        help=f"for people who fill in the course's own kit: {', '.join(kits.NAMES)}; without a name the course's",
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when it is written."""
    from ..handout.pack import packed

    course = courses.load(arguments.course)
    if not course.functions:
        raise Unusable(f"--course {arguments.course}: it asks for no function: there is nothing to hand out")
    _arguments.result_file("--out", arguments.out)
    kit = None if arguments.kit is None else kits.named(arguments.kit) or kits.asked_by(course.functions)
    content = packed(course, kit)
    _arguments.write_out(arguments.out, content)
    asked = course if kit is None else course.of_kit(kit.todos)
    told = "" if kit is None else f" in {kit.title}; it is unpacked in the kit's folder"
    print(f"{arguments.out} is written, {len(content) / 1e6:.1f} MB: {len(asked.functions)} functions{told}")
    return DONE
