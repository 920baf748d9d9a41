"""The command line: ``python -m grading grade|stubs|fixtures …``. Nox sessions are thin wrappers over it."""

import argparse
import importlib
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .courses import NAMES, load
from .report import HINTS
from .zygote import ROOT, Zygote

GRADED, UNUSABLE, AT_FAULT, STALE = 0, 2, 3, 1


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    return arguments.run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grading", description="Grade generative-model homework.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    grade = commands.add_parser("grade", help="grade a submission")
    grade.add_argument("path", nargs="?", type=Path, default=ROOT / "student_stubs", help="default: student_stubs")
    grade.add_argument("--course", choices=NAMES, default="all", help="whose tasks and points; default: all")
    grade.add_argument("--only", default="", metavar="MODULE[.FUNCTION],…", help="grade only these")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write Gradescope's results.json")
    grade.add_argument("--seed", type=int, help="draw the same inputs again; default: a new seed, which is printed")
    grade.add_argument("--hints", choices=HINTS, default="mistake", help="how much is said; default: mistake")
    grade.set_defaults(run=_grade)

    weights = commands.add_parser("weights", help="fetch the courses' pretrained weights ahead of time")
    weights.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    weights.add_argument("--list", action="store_true", help="only say what there is, how large, under which licence")
    weights.set_defaults(run=_weights)

    stubs = commands.add_parser("stubs", help="make student_stubs/ from reference/")
    stubs.add_argument("--check", action="store_true", help="only say whether they are stale")
    stubs.set_defaults(run=_stubs)

    fixtures = commands.add_parser("fixtures", help="make the golden fixtures")
    fixtures.add_argument("--check", action="store_true", help="only say whether they are stale")
    fixtures.add_argument("--seed", type=int, help="draw the inputs from another seed")
    fixtures.add_argument("--out", type=Path, default=ROOT / "fixtures", metavar="DIR", help="default: fixtures")
    fixtures.set_defaults(run=_fixtures)

    smoke = commands.add_parser(
        "smoke", help="make the courses' pictures with a submission's functions, and measure them"
    )
    smoke.add_argument("path", nargs="?", type=Path, default=ROOT / "reference", help="default: reference")
    smoke.add_argument("--only", default="", metavar="WORD,…", help="demonstrations with one of these in their names")
    smoke.add_argument("--out", type=Path, default=Path("runs/smoke"), metavar="DIR", help="default: runs/smoke")
    smoke.add_argument("--seed", type=int, default=0, help="of all noise; default: 0")
    smoke.add_argument("--device", default="cpu", help="where the networks run; default: cpu")
    smoke.add_argument(
        "--calibrate", type=int, metavar="SEEDS", help="measure the reference, and expect that of others"
    )
    smoke.set_defaults(run=_with_workers("smoke", "pictures"))

    audit = commands.add_parser("audit", help="measure the grader: mistakes, mutants and correct solutions against it")
    audit.add_argument("--only", default="", metavar="MODULE[.FUNCTION],…", help="audit only these")
    audit.add_argument("--out", type=Path, default=Path("runs/audit"), metavar="DIR", help="default: runs/audit")
    audit.add_argument("--seed", type=int, help="draw the same inputs again; default: a new seed, which is printed")
    audit.add_argument("--jobs", type=int, default=2, help="graders side by side; default: 2")
    audit.add_argument("--all", action="store_true", help="grade mutants that are declared equivalent as well")
    audit.set_defaults(run=_with_workers("audit"))

    bench = commands.add_parser("bench", help="measure times as ratios, and answer the handouts' questions about them")
    bench.add_argument("path", nargs="?", type=Path, help="a submission; default: the reference, without isolation")
    bench.add_argument("--only", default="", metavar="WORD,…", help="measurements with one of these in their names")
    bench.add_argument("--out", type=Path, default=Path("runs/bench"), metavar="DIR", help="default: runs/bench")
    bench.add_argument("--seed", type=int, default=0, help="of all noise; default: 0")
    bench.add_argument("--device", default="cpu", help="cpu or cuda; default: cpu")
    bench.set_defaults(run=_with_workers("bench"))
    return parser


def _grade(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    console, progress = Console(highlight=False, soft_wrap=False), Console(stderr=True)
    start = time.monotonic()
    with Zygote() as zygote:  # first of all: it loads torch on the other core while this process does the same
        from .submission import Unusable

        try:
            return _grade_with(zygote, arguments, console, progress, start)
        except Unusable as error:
            progress.print(f"grading: {error}", markup=False, highlight=False)
            return UNUSABLE


def _grade_with(zygote, arguments: argparse.Namespace, console, progress, start: float) -> int:
    from rich.live import Live

    from .engine import grade, usable_jobs
    from .report import gradescope, rows, terminal
    from .submission import Unusable, locate
    from .tasks import MODULES, chosen
    from .verdicts import NOT_GRADED, Verdict

    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    if not 0 <= seed < 2**32:
        raise Unusable(f"--seed {seed}: expected a whole number from 0 to 2**32 - 1")
    if arguments.json is not None and not arguments.json.absolute().parent.is_dir():
        raise Unusable(f"--json {arguments.json}: there is no such folder")
    if arguments.json is not None and arguments.json.is_dir():
        raise Unusable(f"--json {arguments.json}: expected a file, got a folder")
    course = load(arguments.course)
    if arguments.only:
        try:
            course = course.only(chosen(arguments.only, course.functions))
        except ValueError as error:
            raise Unusable(f"--only {error}") from error
    folder = locate(arguments.path, MODULES)

    verdicts: dict[str, Verdict] = {}
    # Without a refreshing thread: the graders are forked from this process.
    with Live(console=progress, auto_refresh=False, transient=True) as live:

        def take(verdict: Verdict) -> None:
            verdicts[verdict.task] = verdict
            live.update(f"{len(verdicts)} of {len(course.functions)}  {verdict.task} {verdict.outcome}", refresh=True)
            if arguments.json is not None:
                seconds = time.monotonic() - start
                table = rows(course, verdicts)
                gradescope.write(arguments.json, gradescope.document(course, table, seed, seconds, arguments.hints))

        grade(zygote, folder, course.functions, seed, take, usable_jobs())
    terminal.show(console, course, rows(course, verdicts), seed, arguments.hints)
    return AT_FAULT if any(verdict.outcome == NOT_GRADED for verdict in verdicts.values()) else GRADED


def _with_workers(name: str, package: str = "") -> Callable[[argparse.Namespace], int]:
    """The command of a package, its own name's if no other, that needs the process which workers are forked from."""

    def run(arguments: argparse.Namespace) -> int:
        with Zygote() as zygote:
            command = importlib.import_module(f".{package or name}.command", __package__)
            from .submission import Unusable

            try:
                return command.main(zygote, arguments)
            except Unusable as error:
                print(f"{name}: {error}", file=sys.stderr)
                return UNUSABLE

    return run


def _weights(arguments: argparse.Namespace) -> int:
    from .pictures import fetch

    return fetch.main(arguments)


def _stubs(arguments: argparse.Namespace) -> int:
    from . import stubs

    fresh = stubs.build()
    if not arguments.check:
        stubs.write(fresh)
        return 0
    stale = stubs.stale(fresh)
    for name in stale:
        print(f"student_stubs/{name} is stale: run `nox -s stubs`", file=sys.stderr)
    return STALE if stale else 0


def _fixtures(arguments: argparse.Namespace) -> int:
    from . import golden

    if arguments.check:
        stale = golden.stale()
        for problem in stale:
            print(f"fixtures are stale: {problem}; run `nox -s fixtures`", file=sys.stderr)
        return STALE if stale else 0
    golden.write(golden.build(golden.DEFAULT_SEED if arguments.seed is None else arguments.seed), arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
