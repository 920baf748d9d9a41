"""Runs the checks under pytest: hands each one its graded function, and gathers verdicts as functions are finished."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis.errors import Unsatisfiable

from ..checking.titles import title, told_once
from ..contract.profile import CONTRACT
from ..diagnosis import Check, formulas, right_terms
from ..sandbox.deadline import TimeIsUp
from ..sandbox.fork_server import ForkServer
from ..sandbox.student import NotAsked, OutOfPatience, Student
from ..takehome.written import written
from ..verdicts import FAILED, CheckResult, Failure, Verdict, WrittenCall, conclude
from .run import Run

OUT_OF_TIME = "out of time: the {:g} seconds that a submission has were over"
BROKEN_OFF = "the search for the mistake was broken off: the time that a submission has was over"


def task_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("grades")
    return marker.args[0] if marker else item.callspec.params["task"]  # type: ignore[attr-defined]


def comes_last(item: pytest.Item) -> bool:
    return item.get_closest_marker("afterwards") is not None


class GradingPlugin:
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
        self.items: dict[str, list[pytest.Item]] = {task: [] for task in run.tasks}
        self.failed: set[pytest.Item] = set()
        self.profile = run.submission.kit.kit.profile if run.submission.kit is not None else CONTRACT
        self.trouble: list[str] = []  # what pytest could not even begin with

    # --- fixtures -----------------------------------------------------------------------------------------------

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        return self._student(task_of(request.node))

    @pytest.fixture
    def seed(self) -> int:
        return self.run.seed

    @pytest.fixture
    def fixtures(self) -> Path | None:
        return self.run.fixtures

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

    # --- the order of the run -----------------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.option.tbstyle = "no"  # hypothesis has each failure formatted, and nobody reads it

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {task: i for i, task in enumerate(self.run.tasks)}
        chosen = (item for item in items if task_of(item) in order)
        items[:] = sorted(chosen, key=lambda item: (order[task_of(item)], comes_last(item)))
        items[:] = [item for item in items if self.profile.checks(task_of(item), item.originalname)]  # type: ignore[attr-defined]
        for item in items:
            self.expected[task_of(item)] += 1
            self.items[task_of(item)].append(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None):
        task = task_of(item)
        if self._mine(task) and not self.checks[task] and not self.run.deadline.passed():
            self._start_ahead(task)
        result = yield
        if self._mine(task) and (nextitem is None or task_of(nextitem) != task):
            self._finish(task)
        return result

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

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        task = task_of(item)
        if not self._mine(task) or self._decided(task):
            pytest.skip("the verdict stands already, or is another grader's")
        stopped = self._student(task).stopped
        if stopped is not None and not self.checks[task]:
            raise stopped  # before its first call
        if stopped is not None or self.run.deadline.passed():
            pytest.skip("no further call makes sense")

    def _decided(self, task: str) -> bool:
        return self.run.diagnose is None and any(check.failure is not None for check in self.checks[task])

    # --- results ------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> pytest.TestReport:
        """Pytest's own report would quote each frame's source, which nobody reads and a third of the time goes into."""
        if call.excinfo is None:
            if call.when == "call":
                self.checks[task_of(item)].append(_result(item, None))
        elif call.excinfo.errisinstance((NotAsked, Unsatisfiable)) and self.profile is not CONTRACT:
            self.expected[task_of(item)] -= 1  # no call of this check lies within what the kit can be asked
        elif not call.excinfo.errisinstance((pytest.skip.Exception, OutOfPatience, TimeIsUp)):
            result = _result(item, call.excinfo.value)
            self.checks[task_of(item)].append(result)
            if result.failure is not None:
                self.failed.add(item)
                self._student(task_of(item)).hurry()
        assert call.when != "collect"
        outcome: Literal["passed", "failed"] = "passed" if call.excinfo is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble.append(str(report.longrepr).strip().splitlines()[-1])

    def pytest_internalerror(self, excrepr: object) -> bool:
        self.trouble.append(str(excrepr).strip().splitlines()[-1])
        return True  # nothing more is printed: the verdicts that are missing say why

    def _finish(self, task: str) -> None:
        student = self._student(task)
        late = self.run.deadline.passed() and len(self.checks[task]) < self.expected[task]
        cut_short = OUT_OF_TIME.format(self.run.deadline.seconds) if late else ""
        verdict = conclude(task, self.checks[task], self.expected[task], student.stopped, student.called, cut_short)
        verdict.defined_at, verdict.closed = student.defined_at, student.closed
        verdict.checks, verdict.remarks = told_once(verdict.checks), [*student.attempts, *student.remarks]
        verdict.borrowed = student.borrowed
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
        given = {"seed": self.run.seed, "fixtures": self.run.fixtures}
        return [
            Check(item.obj, _handed(item, given), item in self.failed, comes_last(item))  # type: ignore[attr-defined]
            for item in self.items[task]
        ]


def _handed(item: pytest.Item, fixtures: dict[str, Any]) -> dict[str, Any]:
    """What a check is handed besides its student."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return {k: v for k, v in (fixtures | parameters).items() if k in item.fixturenames}  # type: ignore[attr-defined]


def only_wrong(verdict: Verdict) -> bool:
    """Whether nothing but values was found wrong: whatever else a function does is no matter of terms."""
    return all(check.failure.kind in ("wrong", "value") for check in verdict.checks if check.failure is not None)


def _result(item: pytest.Item, error: BaseException | None) -> CheckResult:
    function = getattr(item, "function", None)
    own = (getattr(function, "__doc__", None) or item.name).strip().splitlines()[0]
    if error is None:
        return CheckResult(own)
    failure = _failure_in(error)
    if failure is not None:
        plain = item.get_closest_marker("plain") is not None and not (failure.importing or failure.kind == "not here")
        return CheckResult(title(own, "importing" if failure.importing else failure.kind, plain), failure=failure)
    return CheckResult(own, fault=f"{type(error).__name__} in the check “{own}”: {error}")


def _failure_in(error: BaseException) -> Failure | None:
    """The submission's failure, also where hypothesis wraps it because a second try went otherwise."""
    if isinstance(error, Failure):
        return error
    for inner in getattr(error, "exceptions", ()):
        found = _failure_in(inner)
        if found is not None:
            return found
    return None
