"""Asks the checks of one graded function after the other, and says each one's verdict."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis.errors import Unsatisfiable

from ..checking.titles import title, told_once
from ..contract.profile import CONTRACT
from ..diagnosis import Check, formulas, right_terms
from ..sandbox.deadline import TimeIsUp
from ..sandbox.fork_server import ForkServer
from ..sandbox.student import NotAsked, OutOfPatience, Student
from ..takehome.written import written
from ..verdicts import BY_HAND, FAILED, CheckResult, Failure, Verdict, WrittenCall, conclude
from .collected import checks_of
from .out_of_reach import out_of_reach
from .run import Run

OUT_OF_TIME = "out of time: the {:g} seconds that a submission has were over"
BROKEN_OFF = "the search for the mistake was broken off: the time that a submission has was over"


def task_of(item: pytest.Function) -> str:
    marker = item.get_closest_marker("grades")
    return str(marker.args[0] if marker else item.callspec.params["task"])


def comes_last(item: pytest.Function) -> bool:
    return item.get_closest_marker("afterwards") is not None


class Examiner:
    def __init__(
        self,
        fork_server: ForkServer,
        run: Run,
        on_verdict: Callable[[Verdict], None],
        claim: Callable[[str], bool],
    ) -> None:
        """``claim(task)`` says whether this grader, of several side by side, is the one to check a function."""
        self.fork_server, self.run, self.on_verdict = fork_server, run, on_verdict
        self.claim, self.claims = claim, dict[str, bool]()
        self.students: dict[str, Student] = {}
        self.checks: dict[str, list[CheckResult]] = {task: [] for task in run.tasks}
        self.expected: dict[str, int] = dict.fromkeys(run.tasks, 0)
        self.items: dict[str, list[pytest.Function]] = {task: [] for task in run.tasks}
        self.failed: set[pytest.Function] = set()
        self.profile = run.submission.kit.kit.profile if run.submission.kit is not None else CONTRACT
        self.trouble: list[str] = []

    def examine(self) -> None:
        """Every function that is this grader's; one without checks has no verdict."""
        self._sort_out(checks_of(self.run.tasks))
        for task in self.run.tasks:
            if self.items[task] and self._mine(task):
                if not self.run.deadline.passed():
                    self._start_ahead(task)
                for item in self.items[task]:
                    self._ask(item, task)
                self._finish(task)

    def _sort_out(self, items: Sequence[pytest.Function]) -> None:
        """Each function's own, as far as its course's kit is asked them; last those that look at what the others recorded."""
        for item in sorted(items, key=comes_last):
            task = task_of(item)
            if task in self.items and self.profile.checks(task, item.originalname):
                self.items[task].append(item)
                self.expected[task] += 1

    def _stop_those_like(self, hung: Student) -> None:
        """What did not come to an end for one function will not for the next: nobody waits for it again."""
        for task in self.run.tasks:
            if hung.stopped is not None and self._imports_the_same(task, hung):
                self._student(task).stop(hung.stopped)

    def _imports_the_same(self, task: str, hung: Student) -> bool:
        submission = self.run.submission
        if submission.kit is not None:
            return submission.kit.kit.todos[task].file == submission.kit.kit.todos[hung.task].file
        return hung.hung_in in ("adapters.py", "__init__.py", submission.file_of(task))

    def _student(self, task: str) -> Student:
        if task not in self.students:
            lent = self.run.lent.get(task, ())
            self.students[task] = Student(
                self.fork_server,
                self.run.submission.folder,
                task,
                lent=lent,
                profile=self.profile,
                forbidden=self.run.forbidden,
                deadline=self.run.deadline,
            )
        return self.students[task]

    def _mine(self, task: str) -> bool:
        if task not in self.claims:
            self.claims[task] = self.claim(task)
        return self.claims[task]

    def _start_ahead(self, task: str) -> None:
        """The next function's worker imports the submission on the other core while this one is being checked."""
        for following in self.run.tasks[self.run.tasks.index(task) + 1 :]:
            if self._mine(following):
                if self._student(following).stopped is None:
                    self._student(following).start()
                break

    def _ask(self, item: pytest.Function, task: str) -> None:
        """Ask one check, unless the verdict stands already or no further call makes sense."""
        student = self._student(task)
        if self._decided(task) or (self.checks[task] and student.stopped is not None) or self.run.deadline.passed():
            return
        try:
            if student.stopped is not None:
                raise student.stopped  # before its first call
            item.obj(**self._handed(item), student=student)
        except (NotAsked, Unsatisfiable) as error:
            if self.profile is CONTRACT:
                self.checks[task].append(_result(item, error))
            else:
                self.expected[task] -= 1  # no call of this check lies within what the kit can be asked
        except (OutOfPatience, TimeIsUp):
            pass
        except Exception as error:
            result = _result(item, error)
            self.checks[task].append(result)
            if result.failure is not None:
                self.failed.add(item)
                student.hurry()
        else:
            self.checks[task].append(_result(item, None))

    def _handed(self, item: pytest.Function) -> dict[str, Any]:
        """What a check is handed besides its student."""
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        known = {"seed": self.run.seed, "fixtures": self.run.fixtures} | parameters
        return {name: value for name, value in known.items() if name in item.fixturenames}

    def _decided(self, task: str) -> bool:
        return self.run.diagnose is None and any(check.failure is not None for check in self.checks[task])

    def _finish(self, task: str) -> None:
        student = self._student(task)
        late = self.run.deadline.passed() and len(self.checks[task]) < self.expected[task]
        cut_short = OUT_OF_TIME.format(self.run.deadline.seconds) if late else ""
        verdict = conclude(task, self.checks[task], self.expected[task], student.stopped, student.called, cut_short)
        verdict.defined_at, verdict.closed = student.defined_at, student.closed
        verdict.checks, verdict.remarks = told_once(verdict.checks), [*student.attempts, *student.remarks]
        verdict.borrowed = student.borrowed
        if verdict.outcome == FAILED and (why := self._out_of_reach(verdict, student)):
            verdict = Verdict(task, BY_HAND, reason=f"look at it: {why}", defined_at=student.defined_at)
        self._take_home(verdict, student)
        pointless = task in self.run.lent and not verdict.borrowed  # it has been diagnosed without what is lent
        if verdict.outcome == FAILED and self.run.diagnose is not None and not pointless:
            if self.run.at_once:
                self.on_verdict(replace(verdict, searching=True))
            try:
                student.failures = [check.failure for check in verdict.failures if check.failure is not None]
                diagnosis = self.run.diagnose(student, self._asked_again(task))
                verdict.mistakes = [mistake.student for mistake in diagnosis.mistakes]
                verdict.reading, verdict.repair = diagnosis.reading, diagnosis.repair
                verdict.unexplained, verdict.likeness = diagnosis.unexplained, diagnosis.likeness
                verdict.terms = right_terms(diagnosis.formula) if only_wrong(verdict) else None
                verdict.formulas = formulas(diagnosis.formula)
                self.trouble += diagnosis.trouble
            except TimeIsUp:
                verdict.unexplained = BROKEN_OFF
            except Exception as error:  # a diagnosis is an extra: its failure must not cost the verdict
                self.trouble.append(f"no diagnosis of {task}: {type(error).__name__}: {error}")
        if self.run.submission.kit is not None:
            verdict.asked_in = self.run.submission.kit.kit.place(task)
            verdict.words = self.run.submission.kit.kit.todos[task].words
        if student.hung_in:
            self._stop_those_like(student)
        student.close()
        self.on_verdict(verdict)

    def _out_of_reach(self, verdict: Verdict, student: Student) -> str:
        """Of a kit's function, what it needs and is not run here; what a course forbids is not missing."""
        if self.run.submission.kit is None or student.attempts:
            return ""
        failures = [check.failure for check in verdict.failures if check.failure is not None]
        return out_of_reach(failures, self.run.submission.folder)

    def _take_home(self, verdict: Verdict, student: Student) -> None:
        """Write a failing call out, if that is asked for; what the calls are made of stays in this process."""
        failures = [check.failure for check in verdict.failures if check.failure is not None]
        if failures and not failures[0].printed:  # it is shown in full: what another call printed, if this one did not
            failures[0].printed = student.printed
        for failure in failures:
            failure.call = failure.call or student.built.get(failure.called)
        try:
            if verdict.outcome == FAILED and self.run.take_home:
                verdict.call = written(verdict.task, failures)
        except Exception as error:  # an extra, as a diagnosis is
            verdict.call = WrittenCall(
                why_not=f"the grader could not write its call out: {type(error).__name__}: {error}"
            )
        for check in self.checks[verdict.task]:
            if check.failure is not None:
                check.failure.call = None

    def _asked_again(self, task: str) -> list[Check]:
        """The function's checks, to be asked of edited code."""
        return [Check(item.obj, self._handed(item), item in self.failed, comes_last(item)) for item in self.items[task]]


def only_wrong(verdict: Verdict) -> bool:
    """Whether nothing but values was found wrong: whatever else a function does is no matter of terms."""
    return all(check.failure.kind in ("wrong", "value") for check in verdict.checks if check.failure is not None)


def _result(item: pytest.Function, error: BaseException | None) -> CheckResult:
    function = getattr(item, "function", None)
    own = (getattr(function, "__doc__", None) or item.name).strip().splitlines()[0]
    if error is None:
        return CheckResult(own)
    if isinstance(error, Failure):
        plain = item.get_closest_marker("plain") is not None and not (error.importing or error.kind == "not here")
        return CheckResult(title(own, "importing" if error.importing else error.kind, plain), failure=error)
    return CheckResult(own, fault=f"{type(error).__name__} in the check “{own}”: {error}")
