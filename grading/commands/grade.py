"""Grade a submission: functions are looked for in module files, in an adapters.py, and everywhere under their names."""

import argparse
import sys
import time
from pathlib import Path

from ..contract import courses
from ..contract.courses import Course
from ..paths import STUBS
from ..report import files, forms
from ..report.results import Results, replay
from ..sandbox.deadline import Deadline
from ..sandbox.fork_server import ForkServer
from ..seeds import Seed, told
from ..submissions import EXPECTED, Submission, metadata, opened
from ..verdicts import Unusable, Verdict
from . import AT_FAULT, DONE, _arguments, _take_home

HELP = "grade a submission"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, default=STUBS, help=f"{EXPECTED}; default: student_stubs")
    _arguments.add_grading(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write Gradescope's results.json")
    parser.add_argument("--form", choices=forms.NAMES, default="gradescope", help="another form of that file")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page for the student: one file, no network")
    parser.add_argument(
        "--pictures", action="store_true", help="on that page, what each mistake does to a picture; takes seconds each"
    )
    _take_home.add_arguments(parser)
    parser.add_argument(
        "--watch", action="store_true", help="go on, and grade again what a saved file changes; Ctrl-C ends it"
    )
    parser.add_argument("--student", metavar="ID", help="with --secret: whose inputs are drawn")
    parser.add_argument(
        "--metadata", type=Path, metavar="FILE", help="Gradescope's submission_metadata.json: who, at which attempt"
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when grading finished or its time was up, whatever the score; 3 where the grader was at fault."""
    start = time.monotonic()
    handed_in = metadata.read(arguments.metadata) if arguments.metadata is not None else metadata.NOBODY
    seed = _seed(arguments, handed_in)
    if arguments.watch:
        _expect_nothing_written(arguments)
    if arguments.debug:
        return _take_home.debug(arguments, seed, handed_in.attempt)
    # The fork server first of all: it loads torch on the other core while this process does the same.
    with ForkServer() as fork_server:
        if arguments.watch:
            from ._watch import watch

            return watch(fork_server, arguments, seed)
        asked = courses.load(arguments.course) if arguments.course else None
        limit_mb = asked.limit_mb if asked is not None else None
        with opened(arguments.path, limit_mb, arguments.kit) as submission:
            course = courses.only(submission.course(asked), arguments.only)
            hints = arguments.hints or course.hints_at(handed_in.attempt)
            results = Results(course, seed, hints, submission.notes, start)
            return _grade(fork_server, submission, course, arguments, results)


def _grade(
    fork_server: ForkServer, submission: Submission, course: Course, arguments: argparse.Namespace, results: Results
) -> int:
    fixtures = _arguments.fixtures(arguments.fixtures)
    deadline = Deadline.after(_arguments.seconds("--deadline", arguments.deadline))
    _expect_writable(arguments)
    trouble = ""  # why the result file is not what it should be

    from rich.console import Console
    from rich.live import Live

    from ..grader import Run, grade
    from ..grader.crew import usable_jobs
    from ..report import terminal, visible

    # Without a refreshing thread: the graders are forked from this process.
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def take(verdict: Verdict) -> None:
            nonlocal trouble
            results.take(verdict)
            if arguments.json is not None:  # anew after every verdict: a run that is cut short loses nothing
                trouble = _write(arguments.json, results, arguments.form)
            done = f"{len(results.verdicts)} of {len(course.functions)}"
            live.update(f"{done}  {verdict.task} {verdict.outcome}", refresh=True)

        tasks, number = tuple(course.functions), results.seed.number
        run = Run(
            submission,
            tasks,
            number,
            forbidden=course.forbidden,
            deadline=deadline,
            fixtures=fixtures,
            take_home=arguments.replay is not None and results.hints == _take_home.HINTS,
        )
        grade(fork_server, run, take, usable_jobs())
    console = Console(highlight=False, soft_wrap=False)
    terminal.show(console, course, results.table, results.seed, results.hints, results.notes)
    for_students = [arguments.html] + [arguments.json] * (arguments.form not in forms.HOLD_ALL)
    if any(for_students) and (kept := visible.kept(course)):
        print(
            f"{', '.join(map(str, filter(None, for_students)))}: without what the course does not show: {', '.join(kept)}"
        )
    if trouble:
        print(f"grade: {arguments.json} is not complete: {trouble}", file=sys.stderr)
    lost = _take_home.write(arguments.replay, submission, results) if arguments.replay is not None else ""
    without = _write_page(fork_server, submission, arguments, results) if arguments.html is not None else ""
    if without:
        print(f"grade: {arguments.html} was not written: {without}", file=sys.stderr)
    if lost:
        print(f"grade: {arguments.replay} is not complete: {lost}", file=sys.stderr)
    return AT_FAULT if results.not_graded or trouble or lost or without else DONE


def _seed(arguments: argparse.Namespace, handed_in: metadata.HandedIn) -> Seed:
    secret = _arguments.secret(arguments, arguments.path)
    student = handed_in.student if arguments.student is None else arguments.student
    if secret is None:
        if arguments.student is not None:
            raise Unusable("--student ID: expected --secret FILE as well, from which this student's inputs are drawn")
        return told(_arguments.seed(arguments.seed))
    if not student:
        raise Unusable(
            "--secret FILE: expected --student ID as well, or Gradescope's --metadata FILE that says who it is"
        )
    return secret.seed(student)


def _expect_writable(arguments: argparse.Namespace) -> None:
    """What is wrong with where results go is known before anything is graded."""
    _arguments.result_file("--json", arguments.json)
    _arguments.result_file("--html", arguments.html)
    _take_home.expect_writable(arguments)
    if arguments.form != "gradescope" and arguments.json is None:
        raise Unusable(f"--form {arguments.form}: expected --json FILE as well, the file that is written")
    if arguments.html is not None and arguments.html == arguments.json:
        raise Unusable(f"--html {arguments.html}: expected another file than that of --json")
    if arguments.pictures and arguments.html is None:
        raise Unusable("--pictures: expected --html FILE as well, the page that they stand on")
    if arguments.pictures:
        _arguments.expect_extra("--pictures", "smoke", "PIL", "diffusers")


def _expect_nothing_written(arguments: argparse.Namespace) -> None:
    options = {
        "--json": arguments.json,
        "--html": arguments.html,
        "--replay": arguments.replay,
        "--debug": arguments.debug,
    }
    given = [option for option, value in options.items() if value]
    if given:
        raise Unusable(f"--watch: expected no {given[0]} beside it: what it finds is shown in the terminal")


def _write(path: Path, results: Results, form: str) -> str:
    """Write the result file; why it cannot be written."""
    try:
        files.write(path, forms.rendered(form, results.document()))
    except OSError as error:
        return str(error.strerror or error)
    return ""


def _write_page(
    fork_server: ForkServer, submission: Submission, arguments: argparse.Namespace, results: Results
) -> str:
    """Why there is none, if so: the verdicts stand without it."""
    pictures = {}
    again = replay(submission, arguments.course, arguments.kit, arguments.only, results.seed)
    try:
        if arguments.pictures and results.hints == "mistake":
            from ..pictures.side_by_side import side_by_side

            pictures = side_by_side(fork_server, submission, results.verdicts.values())
        files.write(arguments.html, results.page(submission, again, pictures))
    except OSError as error:
        return str(error.strerror or error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
