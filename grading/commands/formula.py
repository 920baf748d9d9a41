"""Hold a formula of a handout against the graded function: whether it agrees, as who writes it, and where it differs."""

import argparse
import sys

from . import AMISS, DONE

HELP = "tell whether a handout's formula agrees with a graded function, in which convention, and where it differs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("latex", metavar="LATEX", help="the formula, in quotes; - reads it from standard input")
    parser.add_argument("--task", required=True, metavar="MODULE.FUNCTION", help="the graded function that it is for")
    parser.add_argument(
        "--course",
        default="",
        metavar="NAME|FILE.toml",
        help="whose symbols they are: a course or paper of grading/formulas/sources/, or a file of your own like those",
    )


def run(arguments: argparse.Namespace) -> int:
    """0 where it agrees, 1 where it differs."""
    from ..contract.functions import all_tasks, did_you_mean
    from ..formulas.inquiry import ask
    from ..formulas.latex import NotUnderstood
    from ..formulas.scope import NotKnown
    from ..formulas.words import said
    from ..verdicts import Unusable

    if arguments.task not in all_tasks():
        known = did_you_mean(arguments.task, list(all_tasks()))
        raise Unusable(f"--task {arguments.task}: there is no such graded function{known}")
    latex = " ".join((sys.stdin.read() if arguments.latex == "-" else arguments.latex).split())
    try:
        answer = ask(latex, arguments.task, arguments.course)
    except NotUnderstood as why:
        print(f"  {latex}\n  {' ' * why.start}{'^' * max(1, why.end - why.start)}", file=sys.stderr)
        known = f"; known are {', '.join(why.known)}" if isinstance(why, NotKnown) else ""
        raise Unusable(f"{why}{known}") from why
    for line in said(answer, arguments.task):
        print(line)
    return DONE if answer.agrees else AMISS
