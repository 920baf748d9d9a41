"""Runs the checks under pytest: hands each one its graded function, and gathers verdicts as functions are finished."""

from collections.abc import Callable
from typing import Any, Literal

import pytest

from ..checking.titles import title, told_once
from ..diagnosis import Check, right_terms
from ..sandbox.fork_server import ForkServer
from ..sandbox.student import OutOfPatience, Student
from ..verdicts import FAILED, CheckResult, Failure, Verdict, conclude
from .run import Run


def task_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("grades")
    return marker.args[0] if marker else item.callspec.params["task"]  # type: ignore[attr-defined]


def _comes_last(item: pytest.Item) -> bool:
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
        self.trouble: list[str] = []  # what pytest could not even begin with

    # --- fixtures -----------------------------------------------------------------------------------------------

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        return self._student(task_of(request.node))

    @pytest.fixture
    def seed(self) -> int:
        return self.run.seed

    def _hurry_imports_like(self, hung: Student) -> None:
        """What did not come to an end for one function rarely will for the next: it is waited for less long."""
        for task in self.run.tasks:
            if self.run.submission.together(task, hung.task):
                self._student(task).hurry_import()

    def _student(self, task: str) -> Student:
        if task not in self.students:
            lent = self.run.lent.get(task, ())
            self.students[task] = Student(self.fork_server, self.run.submission.folder, task, lent=lent)
        return self.students[task]

    # --- the order of the run -----------------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.option.tbstyle = "no"  # hypothesis has each failure formatted, and nobody reads it

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {task: i for i, task in enumerate(self.run.tasks)}
        chosen = (item for item in items if task_of(item) in order)
        items[:] = sorted(chosen, key=lambda item: (order[task_of(item)], _comes_last(item)))
        for item in items:
            self.expected[task_of(item)] += 1
            self.items[task_of(item)].append(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None):
        task = task_of(item)
        if self._mine(task) and not self.checks[task]:
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
                self._student(following).start()
                break

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        task = task_of(item)
        if not self._mine(task) or self._student(task).stopped is not None or self._decided(task):
            pytest.skip("the verdict stands already, or is another grader's")

    def _decided(self, task: str) -> bool:
        return self.run.diagnose is None and any(check.failure is not None for check in self.checks[task])

    # --- results ------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> pytest.TestReport:
        """Pytest's own report would quote each frame's source, which nobody reads and a third of the time goes into."""
        if call.excinfo is None:
            if call.when == "call":
                self.checks[task_of(item)].append(_result(item, None))
        elif not call.excinfo.errisinstance((pytest.skip.Exception, OutOfPatience)):
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
        verdict = conclude(task, self.checks[task], self.expected[task], student.stopped, student.called)
        verdict.defined_at, verdict.confined = student.defined_at, student.confined
        verdict.checks, verdict.remarks = told_once(verdict.checks), student.remarks
        verdict.borrowed = student.borrowed
        pointless = task in self.run.lent and not verdict.borrowed  # it has been diagnosed without what is lent
        if verdict.outcome == FAILED and self.run.diagnose is not None and not pointless:
            try:
                student.failures = [check.failure for check in verdict.failures if check.failure is not None]
                diagnosis = self.run.diagnose(student, self._asked_again(task))
                verdict.mistakes = [mistake.student for mistake in diagnosis.mistakes]
                verdict.reading, verdict.repair = diagnosis.reading, diagnosis.repair
                verdict.unexplained = diagnosis.unexplained
                verdict.terms = right_terms(diagnosis.formula) if only_wrong(verdict) else None
                self.trouble += diagnosis.trouble
            except Exception as error:  # a diagnosis is an extra: its failure must not cost the verdict
                self.trouble.append(f"no diagnosis of {task}: {type(error).__name__}: {error}")
        if student.hung_import:
            self._hurry_imports_like(student)
        student.close()
        self.on_verdict(verdict)

    def _asked_again(self, task: str) -> list[Check]:
        """The function's checks, to be asked of edited code."""
        return [
            Check(item.obj, _handed(item, {"seed": self.run.seed}), item in self.failed, _comes_last(item))  # type: ignore[attr-defined]
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
        plain = item.get_closest_marker("plain") is not None and not failure.importing
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
