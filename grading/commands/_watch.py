"""`grade --watch`: again whenever a file is saved, only what that touches, each time in a fork of a process that is warm."""

import argparse
import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import wait

from rich.console import Console
from rich.markup import escape

from ..contract import courses
from ..contract.courses import Course
from ..contract.functions import function
from ..grader import Run, grade
from ..grader.crew import ENDED_EARLY, Claim, Forked, Send, usable_jobs
from ..grader.warm import warm_up
from ..report.confined import confined
from ..report.quoted import quoted
from ..report.watching import WAITING, Shown
from ..sandbox.deadline import Deadline
from ..sandbox.fork_server import ForkServer
from ..seeds import Seed
from ..submissions import Submission, finding, opened
from ..submissions.changes import touched
from ..submissions.folder import is_ignored
from ..submissions.saved import Saved, look
from ..verdicts import NOT_GRADED, Unusable, Verdict
from . import DONE, _arguments

_FEW = 3  # functions: another grader takes longer to start than it helps


def watch(fork_server: ForkServer, arguments: argparse.Namespace, seed: Seed) -> int:
    """Grade everything, then what is saved, until it is interrupted."""
    try:
        watching = _Watching(fork_server, arguments, seed)
        watching.go_on()
    except KeyboardInterrupt:
        print()
    return DONE


class _Watching:
    def __init__(self, fork_server: ForkServer, arguments: argparse.Namespace, seed: Seed) -> None:
        self.fork_server, self.arguments, self.seed = fork_server, arguments, seed
        self.console = Console(highlight=False)
        self.fixtures = _arguments.fixtures(arguments.fixtures)
        self.seconds = _arguments.seconds("--deadline", arguments.deadline)
        self.asked = courses.load(arguments.course) if arguments.course else None
        self.verdicts: dict[str, Verdict] = {}
        self.standing: set[str] = set()  # the functions whose verdict is on what is there now
        self.sources: Mapping[str, str] = {}  # that they are on
        self.noted: set[str] = set()  # what has been said of the submission as a whole
        self.saved = Saved(lambda: look(arguments.path, is_ignored))

    def go_on(self) -> None:
        with self._opened() as submission:  # what cannot be graded at all ends the command
            course = self._course(submission)
        self.console.print("[dim]loading, so that every save is graded at once …[/dim]")
        warm_up(self.fork_server, _of_each_kind(course))
        self.console.print(f"[dim]{escape(quoted(self.seed.again))}[/dim]")
        changed: list[str] = []
        while True:
            try:
                changed = self._round(changed)
            except Unusable as why:
                self.console.print(escape(quoted(str(why))))
                changed = []
            if changed:  # a save has broken it off
                continue
            self.console.print(WAITING)
            while not changed:
                time.sleep(self.saved.pause)
                changed = self.saved.changed()

    def _opened(self) -> contextlib.AbstractContextManager[Submission]:
        limit_mb = self.asked.limit_mb if self.asked is not None else None
        return opened(self.arguments.path, limit_mb, self.arguments.kit)

    def _course(self, submission: Submission) -> Course:
        return courses.only(submission.course(self.asked), self.arguments.only)

    def _round(self, changed: Sequence[str]) -> list[str]:
        """Grade what these files have changed; the files of which a save has broken it off."""
        with self._opened() as submission:
            course = self._course(submission)
            todo = self._todo(submission, course, changed)
            hints = self.arguments.hints or course.hints_at(None)
            shown = Shown(self.console, course, hints, dict(self.verdicts))
            shown.begins(changed, len(todo))
            run = Run(
                submission,
                tuple(todo),
                self.seed.number,
                forbidden=course.forbidden,
                deadline=Deadline.after(self.seconds),
                fixtures=self.fixtures,
                known={task: self.verdicts[task] for task in self.standing},
                at_once=True,
            )
            saved = self._graded(run, shown.take) if todo else []
        if not saved:
            shown.ends({task: self.verdicts[task] for task in course.functions if task in self.verdicts})
            self._note(*submission.notes, confined(self.verdicts.values()))
        return saved

    def _note(self, *notes: str) -> None:
        for note in filter(None, quoted(list(notes))):
            if note not in self.noted:
                self.console.print(f"[magenta]{escape(note)}[/magenta]")
            self.noted.add(note)

    def _todo(self, submission: Submission, course: Course, changed: Sequence[str]) -> list[str]:
        """What was edited first; of a course's own kit everything, since names do not tell what uses what there."""
        now = finding.texts(submission.folder)
        if submission.kit is not None:
            todos = submission.kit.kit.todos
            hit = sorted(course.functions, key=lambda task: task not in todos or todos[task].file not in changed)
        else:
            hit = touched(course.functions, self.sources, now)
        self.sources = now
        self.standing -= set(hit)
        return hit + [task for task in course.functions if task not in self.standing and task not in hit]

    def _graded(self, run: Run, show: Callable[[Verdict], None]) -> list[str]:
        """Grade in a fork of this process; the files of which a save has broken it off."""

        def member(own: ForkServer, _: Claim, send: Send) -> str:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # this side ends it
            grade(own, run, send, usable_jobs() if len(run.tasks) > _FEW else 1)
            return ""

        def take(verdict: Verdict) -> None:
            self.verdicts[verdict.task] = verdict
            if not verdict.searching and verdict.outcome != NOT_GRADED:  # what is nobody's verdict is asked for again
                self.standing.add(verdict.task)
            show(verdict)

        forked = Forked(self.fork_server, member)
        try:
            while True:
                if wait([forked.receiver], self.saved.pause) and not forked.receive(take):
                    break
                saved = self.saved.changed()
                if saved:
                    return saved
            if not forked.came_to_its_end or forked.said:
                self.console.print(f"the grader is at fault: {escape(forked.said or ENDED_EARLY)}")
            return []
        finally:
            forked.kill("")
            forked.end()
            self.fork_server.tidy()


def _of_each_kind(course: Course) -> list[str]:
    """Functions that between them have all loaded that a round needs."""
    kinds = {(function(task).module, function(task).optimises): task for task in reversed(course.functions)}
    return [task for task in course.functions if task in kinds.values()]
