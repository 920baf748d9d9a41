"""Grade a submission: functions are looked for in module files, in an adapters.py, and everywhere under their names."""

import argparse
import shlex
import sys
import time
from pathlib import Path

from ..contract import courses
from ..contract.courses import Course
from ..paths import STUBS
from ..report import files, gradescope, rows
from ..report.words import HINTS
from ..sandbox import limits
from ..sandbox.deadline import Deadline
from ..sandbox.fork_server import ForkServer
from ..submissions import EXPECTED, Submission, kits, opened
from ..verdicts import NOT_GRADED, Unusable, Verdict
from . import AT_FAULT, DONE, _arguments

HELP = "grade a submission"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, default=STUBS, help=f"{EXPECTED}; default: student_stubs")
    parser.add_argument(
        "--course",
        metavar="NAME|FILE.toml",
        help=f"whose tasks and points: {', '.join(courses.NAMES)}, or a course file of your own; default: that of the"
        " kit which was handed in, or all",
    )
    parser.add_argument(
        "--kit",
        default="",
        metavar="NAME|none",
        help=f"the course's own kit that is filled in: {', '.join((*kits.NAMES, kits.NONE))}; default: what lies there tells",
    )
    parser.add_argument("--only", default="", metavar="MODULE[.FUNCTION],…", help="grade only these")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write Gradescope's results.json")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page for the student: one file, no network")
    parser.add_argument(
        "--pictures", action="store_true", help="on that page, what each mistake does to a picture; takes seconds each"
    )
    parser.add_argument("--seed", type=int, help="draw the same inputs again; default: a new seed, which is printed")
    parser.add_argument(
        "--deadline",
        type=float,
        default=limits.SUBMISSION_SECONDS,
        metavar="SECONDS",
        help="for the whole submission; what is not graded by then is not graded; default: %(default)g",
    )
    parser.add_argument("--hints", choices=HINTS, default="mistake", help="how much is said; default: mistake")


def run(arguments: argparse.Namespace) -> int:
    """0 when grading finished or its time was up, whatever the score; 3 where the grader was at fault."""
    start = time.monotonic()
    # The fork server first of all: it loads torch on the other core while this process does the same.
    with ForkServer() as fork_server:
        asked = courses.load(arguments.course) if arguments.course else None
        limit_mb = asked.limit_mb if asked is not None else None
        with opened(arguments.path, limit_mb, arguments.kit) as submission:
            course = asked or courses.load(submission.kit.course if submission.kit is not None else "all")
            if submission.kit is not None:
                course = course.of_kit(submission.kit.kit.todos)
            return _grade(fork_server, submission, _arguments.only(course, arguments.only), arguments, start)


def _grade(
    fork_server: ForkServer, submission: Submission, course: Course, arguments: argparse.Namespace, start: float
) -> int:
    seed = _arguments.seed(arguments.seed)
    deadline = Deadline.after(_arguments.seconds("--deadline", arguments.deadline))
    _arguments.result_file("--html", arguments.html)
    if arguments.html is not None and arguments.html == arguments.json:
        raise Unusable(f"--html {arguments.html}: expected another file than that of --json")
    if arguments.pictures and arguments.html is None:
        raise Unusable("--pictures: expected --html FILE as well, the page that they stand on")
    if arguments.pictures:
        _arguments.expect_extra("--pictures", "smoke", "PIL", "diffusers")
    results = _Results(arguments.json, course, seed, arguments.hints, start, submission.notes)

    from rich.console import Console
    from rich.live import Live

    from ..grader import Run, grade
    from ..grader.crew import usable_jobs
    from ..report import terminal

    # Without a refreshing thread: the graders are forked from this process.
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def take(verdict: Verdict) -> None:
            results.take(verdict)
            done = f"{len(results.verdicts)} of {len(course.functions)}"
            live.update(f"{done}  {verdict.task} {verdict.outcome}", refresh=True)

        run = Run(submission, tuple(course.functions), results.seed, forbidden=course.forbidden, deadline=deadline)
        grade(fork_server, run, take, usable_jobs())
    table = rows(course, results.verdicts)
    terminal.show(
        Console(highlight=False, soft_wrap=False), course, table, results.seed, arguments.hints, results.notes
    )
    if results.trouble:
        print(f"grade: {arguments.json} is not complete: {results.trouble}", file=sys.stderr)
    trouble = _write_page(fork_server, submission, course, arguments, results) if arguments.html is not None else ""
    if trouble:
        print(f"grade: {arguments.html} was not written: {trouble}", file=sys.stderr)
    at_fault = any(one.outcome == NOT_GRADED and not one.out_of_time for one in results.verdicts.values())
    return AT_FAULT if at_fault or results.trouble or trouble else DONE


def _write_page(
    fork_server: ForkServer,
    submission: Submission,
    course: Course,
    arguments: argparse.Namespace,
    results: "_Results",
) -> str:
    """Why there is none, if so: the verdicts stand without it."""
    from ..report.page import code, page

    pictures = {}
    if arguments.pictures and arguments.hints == "mistake":
        from ..pictures.side_by_side import side_by_side

        pictures = side_by_side(fork_server, submission, results.verdicts.values())
    try:
        text = page(
            course,
            rows(course, results.verdicts),
            results.seed,
            arguments.hints,
            name=submission.origin.resolve().name,
            replay=_replay(submission, arguments, results.seed),
            notes=results.notes,
            codes={task: code(submission.folder, one, arguments.hints) for task, one in results.verdicts.items()},
            pictures=pictures,
        )
        files.write(arguments.html, text)
    except OSError as error:
        return str(error.strerror or error)
    return ""


def _replay(submission: Submission, arguments: argparse.Namespace, seed: int) -> str:
    """The command that grades the same again, where the hand-in lies in the folder that it is typed in."""
    given = [("--course", arguments.course), ("--kit", arguments.kit), ("--only", arguments.only)]
    options = [word for option, value in given if value for word in (option, value)]
    path = submission.origin.resolve().name
    return shlex.join(["python", "-m", "grading", "grade", path, *options, "--seed", str(seed)])


class _Results:
    """The result file, written anew after every verdict: a run that is cut short loses nothing."""

    def __init__(
        self, path: Path | None, course: Course, seed: int, hints: str, start: float, notes: tuple[str, ...]
    ) -> None:
        self.path, self.course, self.seed, self.hints, self.start, self.notes = path, course, seed, hints, start, notes
        self.verdicts: dict[str, Verdict] = {}
        self.trouble = ""  # why the file is not what it should be
        _arguments.result_file("--json", path)

    def take(self, verdict: Verdict) -> None:
        self.verdicts[verdict.task] = verdict
        self.write()

    def write(self) -> None:
        if self.path is None:
            return
        seconds = time.monotonic() - self.start
        table = rows(self.course, self.verdicts)
        document = gradescope.document(self.course, table, self.seed, seconds, self.hints, self.notes)
        try:
            gradescope.write(self.path, document)
            self.trouble = ""
        except OSError as error:
            self.trouble = str(error.strerror or error)
