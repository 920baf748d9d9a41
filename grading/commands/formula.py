"""Hold a formula of a handout against the graded function: whether it agrees, as who writes it, and where it differs."""

import argparse
import sys

from ..contract import courses
from ..verdicts import Unusable
from . import AMISS, DONE

HELP = "tell whether a handout's formula agrees with a graded function, in which convention, and where it differs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("latex", metavar="LATEX", help="the formula, in quotes; - reads it from standard input")
    parser.add_argument("--task", required=True, metavar="MODULE.FUNCTION", help="the graded function that it is for")
    parser.add_argument(
        "--course",
        metavar="NAME|FILE.toml",
        help=f"whose handout it stands in: {', '.join(courses.NAMES)}, or a course file of your own",
    )
    parser.add_argument(
        "--symbols",
        metavar="NAME|FILE.toml",
        help="whose symbols they are, if not the course's: a course or paper of grading/formulas/sources/, or a file of"
        " your own like those",
    )


def run(arguments: argparse.Namespace) -> int:
    """0 where it agrees, 1 where it differs."""
    from ..contract.functions import all_tasks, did_you_mean
    from ..formulas.inquiry import ask
    from ..formulas.latex import NotUnderstood
    from ..formulas.scope import NotKnown
    from ..formulas.words import said

    if arguments.task not in all_tasks():
        known = did_you_mean(arguments.task, list(all_tasks()))
        raise Unusable(f"--task {arguments.task}: there is no such graded function{known}")
    writer = _writer(arguments)
    latex = " ".join((sys.stdin.read() if arguments.latex == "-" else arguments.latex).split())
    try:
        answer = ask(latex, arguments.task, writer)
    except NotUnderstood as why:
        print(f"  {latex}\n  {' ' * why.start}{'^' * max(1, why.end - why.start)}", file=sys.stderr)
        known = f"; known are {', '.join(why.known)}" if isinstance(why, NotKnown) else ""
        raise Unusable(f"{why}{known}") from why
    for line in said(answer, arguments.task):
        print(line)
    return DONE if answer.agrees else AMISS


def _writer(arguments: argparse.Namespace) -> str:
    """Whose symbols are meant first; nobody's, where a course has none."""
    from ..formulas.sources import NAMES, load

    if arguments.symbols is not None:
        if arguments.course is not None:
            raise Unusable("--symbols NAME|FILE.toml: expected no --course beside it, whose symbols would be others")
        load(arguments.symbols)
        return arguments.symbols
    if arguments.course is None:
        return ""
    course = courses.load(arguments.course)
    if course.name in NAMES and not load(course.name).paper:
        return course.name
    if course.name != "all":
        print(f"course {course.name} has no symbols of its own here; --symbols FILE.toml says how it writes")
    return ""
