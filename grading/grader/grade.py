"""Grade one submission: checks here, the student's code in workers, one verdict per function."""

import warnings
from collections.abc import Callable
from dataclasses import replace

import torch

from ..sandbox.fork_server import ForkServer
from ..verdicts import BY_HAND, NOT_GRADED, NOT_IMPLEMENTED, GraderFault, Verdict
from .carried import carried_forward, to_lend
from .crew import Claim, Send, share_out
from .examiner import Examiner
from .run import Run


def grade(
    fork_server: ForkServer, run: Run, on_verdict: Callable[[Verdict], None] | None = None, jobs: int = 1
) -> list[Verdict]:
    """The verdicts on a run's tasks, in their order; ``on_verdict`` is called with each as soon as it stands.

    It is called again with those that have more to say once all stand. With several ``jobs`` the functions are shared
    out to as many forked graders. Whatever goes wrong on this side ends as "not graded" for the functions that it
    touches.
    """
    verdicts: dict[str, Verdict] = {}

    def take(verdict: Verdict) -> None:
        verdicts[verdict.task] = verdict
        if on_verdict is not None:
            on_verdict(verdict)

    reached = [task for task in run.tasks if not _outside(run, task, take)]
    trouble = _one_round(fork_server, replace(run, tasks=tuple(reached)), take, jobs) if reached else []
    for task in run.tasks:
        if task not in verdicts:
            take(Verdict(task, NOT_GRADED, reason="; ".join(dict.fromkeys(trouble))))
    standing = {**run.known, **{task: verdicts[task] for task in run.tasks}}
    lent = {task: others for task, others in to_lend(standing).items() if task in run.tasks} if run.carry else {}
    if lent and not run.deadline.passed():
        again: dict[str, Verdict] = {}
        second = replace(run, tasks=tuple(lent), lent=lent)
        _one_round(fork_server, second, lambda verdict: again.update({verdict.task: verdict}), jobs)
        for verdict in carried_forward(standing, again):
            take(verdict)
    return [verdicts[task] for task in run.tasks]


def _outside(run: Run, task: str, take: Callable[[Verdict], None]) -> bool:
    """Whether a course's own kit leaves nothing to be called: it is not handed in, or a person has to look at it."""
    kit = run.submission.kit
    if kit is None:
        return False
    if task in kit.survey.by_hand:
        take(Verdict(task, BY_HAND, reason=f"look at it: {kit.survey.by_hand[task]}", asked_in=kit.kit.place(task)))
    elif task in kit.survey.missing:
        take(Verdict(task, NOT_IMPLEMENTED, reason=kit.survey.missing[task], asked_in=kit.kit.place(task)))
    elif task not in kit.kit.todos:
        take(Verdict(task, NOT_IMPLEMENTED, reason=f"{kit.kit.title} does not ask for it"))
    else:
        return False
    return True


def _one_round(fork_server: ForkServer, run: Run, take: Callable[[Verdict], None], jobs: int) -> list[str]:
    """Grade every task once; what went wrong on this side, where verdicts are missing."""

    def member(own: ForkServer, claim: Claim, send: Send) -> str:
        return run_checks(own, run, send, lambda task: claim(run.tasks.index(task)))

    try:
        if jobs > 1 and len(run.tasks) > 1:
            return share_out(fork_server, len(run.tasks), jobs, member, take)
        return [run_checks(fork_server, run, take)]
    except GraderFault as fault:
        return [str(fault)]


def run_checks(
    fork_server: ForkServer,
    run: Run,
    take: Callable[[Verdict], None],
    claim: Callable[[str], bool] = lambda task: True,
) -> str:
    """Run the checks of these functions in this process; the reason why verdicts may be missing."""
    examiner = Examiner(fork_server, run, take, claim)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the tensors are small, and the student's worker needs the other core
    try:
        with warnings.catch_warnings():
            # What torch says about a mistake that is replayed here is nobody's business.
            warnings.simplefilter("ignore")
            examiner.examine()
    except Exception as error:
        examiner.trouble.append(f"{type(error).__name__}: {error}")
    finally:
        torch.set_num_threads(threads)
    return "; ".join(["the run of the checks ended early", *examiner.trouble])
