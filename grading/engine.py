"""Grade one submission: checks under pytest here, the student's code in workers, one verdict per function."""

import contextlib
import gc
import multiprocessing
import multiprocessing.connection
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from .diagnosis import Diagnosis, diagnose
from .failures import GraderFault
from .plugin import GradingPlugin
from .student import Student
from .verdicts import NOT_GRADED, Verdict
from .zygote import Zygote

CHECKS = Path(__file__).with_name("checks")
_UNUSED = (  # plugins that would only cost time, print, or turn a verdict into something else
    "cacheprovider doctest junitxml pastebin setuponly setupplan stepwise faulthandler unraisableexception "
    "threadexception warnings legacypath debugging logging capture terminal recwarn"
)


def grade(
    zygote: Zygote,
    submission: Path,
    tasks: list[str],
    seed: int,
    on_verdict: Callable[[Verdict], None] | None = None,
    jobs: int = 1,
    diagnose: Callable[[Student], Diagnosis] | None = diagnose,
) -> list[Verdict]:
    """The verdicts on ``tasks``, in their order; ``on_verdict`` is called with each as soon as it stands.

    With several ``jobs`` the functions are shared out to as many forked graders. Whatever goes wrong on this side ends
    as "not graded" for the functions that it touches. Without ``diagnose`` a function is left at its first failed check.
    """
    verdicts: dict[str, Verdict] = {}

    def take(verdict: Verdict) -> None:
        verdicts[verdict.task] = verdict
        if on_verdict is not None:
            on_verdict(verdict)

    try:
        if jobs > 1 and len(tasks) > 1:
            reason = _share_out(zygote, submission, tasks, seed, take, jobs, diagnose)
        else:
            reason = _run_checks(zygote, submission, tasks, seed, take, diagnose=diagnose)
    except GraderFault as fault:
        reason = str(fault)
    for task in tasks:
        if task not in verdicts:
            take(Verdict(task, NOT_GRADED, reason=reason))
    return [verdicts[task] for task in tasks]


def usable_jobs() -> int:
    """Two where there are two processors and forking is safe: a grader and its worker mostly wait for each other."""
    return min(2, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1


def _share_out(
    zygote: Zygote,
    submission: Path,
    tasks: list[str],
    seed: int,
    take: Callable[[Verdict], None],
    jobs: int,
    diagnose: Callable[[Student], Diagnosis] | None,
) -> str:
    """Run the checks in forked processes; the reason why verdicts may be missing."""
    fork = multiprocessing.get_context("fork")
    torch.set_num_threads(1)  # before forking: no parallel region has run yet, and none will
    receivers: list[Any] = []
    processes, twins = [], []
    claimed = fork.Array("b", len(tasks))

    def claim(task: str) -> bool:
        """Whoever comes first checks a function."""
        with claimed.get_lock():
            index = tasks.index(task)
            first, claimed[index] = not claimed[index], 1
            return first

    for _ in range(jobs):
        receiver, sender = fork.Pipe(duplex=False)
        twins.append(zygote.clone())
        process = fork.Process(
            target=_send_verdicts, args=(sender, twins[-1], submission, tasks, seed, claim, diagnose)
        )
        process.start()
        sender.close()
        receivers.append(receiver)
        processes.append(process)
    reason = "the process that ran the checks ended early"
    while receivers:
        for receiver in cast("list[Any]", multiprocessing.connection.wait(receivers)):
            try:
                message = receiver.recv()
            except EOFError:
                receivers.remove(receiver)
                continue
            if isinstance(message, Verdict):
                take(message)
            else:
                reason = message
    for process, twin in zip(processes, twins):
        process.join()
        twin.__exit__()
    return reason


def _send_verdicts(
    sender: Connection,
    zygote: Zygote,
    submission: Path,
    tasks: list[str],
    seed: int,
    claim: Callable[[str], bool],
    diagnose: Callable[[Student], Diagnosis] | None,
) -> None:
    gc.freeze()  # what is loaded stays: there is no garbage to look for in it
    with sender:
        sender.send(_run_checks(zygote, submission, tasks, seed, sender.send, claim, diagnose))


def _run_checks(
    zygote: Zygote,
    submission: Path,
    tasks: list[str],
    seed: int,
    take: Callable[[Verdict], None],
    claim: Callable[[str], bool] = lambda task: True,
    diagnose: Callable[[Student], Diagnosis] | None = diagnose,
) -> str:
    """Run the checks of these functions in this process; the reason why verdicts may be missing."""
    plugin = GradingPlugin(zygote, submission, tasks, seed, take, claim, diagnose)
    modules = sorted({task.split(".")[0] for task in tasks})
    files = [CHECKS / "test_every_function.py", *(CHECKS / f"test_{module}.py" for module in modules)]
    options = ["-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS.parents[1]), "--import-mode=importlib"]
    options += [f"--hypothesis-seed={seed}", "-p", "_hypothesis_pytestplugin"]
    for name in _UNUSED.split():
        options += ["-p", f"no:{name}"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the tensors are small, and the student's worker needs the other core
    try:
        with _plain_pytest():
            pytest.main([*options, *map(str, files)], plugins=[plugin])
    except Exception as error:
        plugin.trouble.append(f"{type(error).__name__}: {error}")
    finally:
        torch.set_num_threads(threads)
    return "; ".join(["the run of the checks ended early", *plugin.trouble])


@contextlib.contextmanager
def _plain_pytest():
    """No plugin or option of the surrounding project may change how grades come about."""
    saved = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    saved["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
