"""What `grade` does with failing calls: it writes scripts that make them again, or makes one at once."""

import argparse
from pathlib import Path

from ..contract import courses
from ..contract.courses import VISIBLE
from ..report import rows
from ..report.results import Results
from ..sandbox.fork_server import ForkServer
from ..seeds import Seed
from ..submissions import Submission, opened
from ..verdicts import Unusable
from . import DONE, _arguments

HINTS = "mistake"  # below that no expected value is told, and none may stand in a script


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replay", type=Path, metavar="DIR", help="write a script for each failed function that makes a failing call"
    )
    parser.add_argument("--debug", metavar="TASK", help="make that call at once, unprotected, in this terminal")


def expect_writable(arguments: argparse.Namespace) -> None:
    """What is wrong with where scripts go is known before anything is graded."""
    folder = arguments.replay
    if folder is None:
        return
    handed_in = arguments.path
    if handed_in.is_dir() and folder.resolve().is_relative_to(handed_in.resolve()):
        raise Unusable(f"--replay {folder}: expected a folder outside of {handed_in}: what lies in there is handed in")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"--replay {folder}: expected a folder that can be written: {error.strerror}") from error


def write(folder: Path, submission: Submission, results: Results) -> str:
    """Write the scripts and say which; why one could not be written."""
    from ..takehome.script import Script, script

    if results.hints != HINTS:
        print(f"--replay: no script is written with hints = {results.hints}: it would tell what is expected")
        return ""
    for row in results.table:
        verdict = row.verdict
        if verdict is None or not verdict.failures:
            continue
        if (when := results.course.visibility_of(row.item)) != VISIBLE:
            print(f"{verdict.task}: no script: the course does not show its results to students ({when})")
            continue
        made = script(submission, verdict)
        if not isinstance(made, Script):
            print(f"{verdict.task}: no script: {made}")
            continue
        try:
            print(f"{verdict.task}: python {made.write(folder)}")
        except OSError as error:
            return str(error.strerror or error)
    return ""


def debug(arguments: argparse.Namespace, seed: Seed, attempt: int | None) -> int:
    """Grade one function up to its first failure, and make that call in this terminal. Nothing is written."""
    from ..grader import Run, grade
    from ..takehome.debug import debug as run
    from ..takehome.script import Script, script

    task, path = arguments.debug, arguments.path
    others = ("json", "html", "replay", "only", "pictures")
    given = [f"--{name}" for name in others if getattr(arguments, name)]
    if given:
        raise Unusable(f"--debug {task}: expected without {', '.join(given)}: such a run writes no result")
    if path.is_file() and path.suffix != ".py":
        raise Unusable(f"--debug {task}: expected a folder or a .py file, got {path}: unpack it, and debug that")
    with ForkServer() as fork_server, opened(path, None, arguments.kit) as submission:
        course = submission.course(courses.load(arguments.course) if arguments.course else None)
        if task not in course.functions:
            raise Unusable(
                f"--debug {task}: expected one function of course {course.name}, such as {course.functions[0]}"
            )
        hints = arguments.hints or course.hints_at(attempt)
        if hints != HINTS:
            raise Unusable(f"--debug {task}: with hints = {hints} nobody is told what is expected")
        fixtures = _arguments.fixtures(arguments.fixtures)
        run_of_one = Run(
            submission, (task,), seed.number, None, fixtures, False, forbidden=course.forbidden, take_home=True
        )
        (verdict,) = grade(fork_server, run_of_one)
        (shown,) = (row.verdict for row in rows(course.only([task]), {task: verdict}))
        assert shown is not None
        made = script(submission, shown)
    if not isinstance(made, Script):
        raise Unusable(f"--debug {task}: there is no failing call to make: {made}")
    run(made)
    return DONE
