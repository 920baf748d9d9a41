"""Work shared out to forked processes, each with a fork server of its own: whoever comes first does the next piece.

What a member sends arrives here as it comes. A member that fails loses nothing but the piece at hand, and says why.
"""

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any, cast

import torch

from ..sandbox.fork_server import ForkServer

Claim = Callable[[int], bool]  # whether this member is the first to ask for that piece
Send = Callable[[Any], None]
Member = Callable[[ForkServer, Claim, Send], str]  # what went wrong, or nothing

_ONE, _DONE = "one", "done"


def usable_jobs() -> int:
    """Two where there are two processors and forking is safe: a grader and its worker mostly wait for each other."""
    return min(2, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1


def share_out(
    fork_server: ForkServer, pieces: int, jobs: int, member: Member, take: Callable[[Any], None]
) -> list[str]:
    """Run ``member`` in ``jobs`` forked processes and ``take`` all that they send; what went wrong with any of them."""
    fork = multiprocessing.get_context("fork")
    torch.set_num_threads(1)  # before forking: no parallel region has run yet, and none will
    claimed = fork.Array("b", pieces)

    def claim(piece: int) -> bool:
        with claimed.get_lock():
            first, claimed[piece] = not claimed[piece], 1
            return first

    receivers: list[Any] = []
    processes, twins = [], []
    for _ in range(jobs):
        receiver, sender = fork.Pipe(duplex=False)
        twins.append(fork_server.clone())
        processes.append(fork.Process(target=_work, args=(member, twins[-1], claim, sender)))
        processes[-1].start()
        sender.close()
        receivers.append(receiver)
    said_nothing = jobs  # members that have not come to their end
    troubles: list[str] = []
    while receivers:
        for receiver in cast("list[Any]", wait(receivers)):
            try:
                message, said = receiver.recv()
            except EOFError:
                receivers.remove(receiver)
                continue
            if message == _DONE:
                said_nothing -= 1
                troubles += [said] if said else []
            else:
                take(said)
    for process, twin in zip(processes, twins):
        process.join()
        twin.__exit__()
    return troubles + ["a process of the grader ended early"] * (said_nothing > 0)


def _work(member: Member, fork_server: ForkServer, claim: Claim, sender: Connection) -> None:
    gc.freeze()  # what is loaded stays: there is no garbage to look for in it
    with sender:
        try:
            said = member(fork_server, claim, lambda one: sender.send((_ONE, one)))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        sender.send((_DONE, said))
