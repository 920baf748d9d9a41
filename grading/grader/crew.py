"""Work shared out to forked processes, each with a fork server of its own.

``share_out`` has few members that live long, and whoever comes first does the next piece. ``one_each`` has a process for
each piece, so that nothing of one reaches another: neither what it leaves behind nor how it ends. What a process sends
arrives here as it comes. One that fails loses nothing but the piece at hand, and says why.
"""

import gc
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any, cast

import torch

from ..sandbox.fork_server import ForkServer
from ..sandbox.inside import confinement

Claim = Callable[[int], bool]  # whether this member is the first to ask for that piece
Send = Callable[[Any], None]
Member = Callable[[ForkServer, Claim, Send], str]  # what went wrong, or nothing

ENDED_EARLY = "a process of the grader ended early"
_ONE, _DONE = "one", "done"
_LOOK_EVERY = 1.0  # seconds between two looks at the clock


def usable_jobs() -> int:
    """Two where there are two processors and forking is safe: a grader and its worker mostly wait for each other."""
    return min(2, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1


def jobs_of_a_class() -> int:
    """Half as many again as there are processors: where a grader and its worker wait for each other, another goes on."""
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return processors + (processors + 1) // 2


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

    members = [Forked(fork_server, member, claim) for _ in range(jobs)]
    open_ones = {one.receiver: one for one in members}
    while open_ones:
        for receiver in cast("list[Connection]", wait(list(open_ones))):
            if not open_ones[receiver].receive(take):
                del open_ones[receiver]
    for one in members:
        one.end()
    troubles = [one.said for one in members if one.said]
    return troubles + [ENDED_EARLY] * any(not one.came_to_its_end for one in members)


def one_each(
    fork_server: ForkServer,
    pieces: int,
    jobs: int,
    work: Callable[[ForkServer, int], Any],
    take: Callable[[int, Any, str], None],
    seconds: float = math.inf,
) -> None:
    """Do each piece in a process of its own, ``jobs`` at a time, in their order.

    ``take`` is told the piece, what ``work`` gave, and what went wrong: one of the two is nothing. A process that is not
    done after so many ``seconds`` is ended.
    """
    torch.set_num_threads(1)  # as above
    waiting, running = iter(range(pieces)), dict[Connection, tuple[int, float, Forked, list[Any]]]()

    def start() -> None:
        for piece in waiting:
            member = Forked(fork_server, _of_one(work, piece))
            running[member.receiver] = piece, time.monotonic() + seconds, member, []
            return

    try:
        for _ in range(jobs):
            start()
        while running:
            for receiver in cast("list[Connection]", wait(list(running), _LOOK_EVERY)):
                piece, _, member, given = running[receiver]
                if member.receive(given.append):
                    continue
                del running[receiver]
                member.end()
                take(piece, given[0] if given else None, "" if given else member.said or ENDED_EARLY)
                start()
            for _, until, member, _ in running.values():
                if time.monotonic() > until and not member.said:
                    member.kill(f"it was not done after {seconds:g} seconds")
    finally:
        for _, _, member, _ in running.values():
            member.kill("")
            member.end()


def _of_one(work: Callable[[ForkServer, int], Any], piece: int) -> Member:
    def member(fork_server: ForkServer, _: Claim, send: Send) -> str:
        send(work(fork_server, piece))
        return ""

    return member


class Forked:
    """A forked process with a fork server of its own, and what it has said; for ``kill`` there is always ``end``."""

    def __init__(self, fork_server: ForkServer, member: Member, claim: Claim = lambda piece: True) -> None:
        fork = multiprocessing.get_context("fork")
        self.receiver, sender = fork.Pipe(duplex=False)
        self.twin = fork_server.clone()
        self.process = fork.Process(target=_work, args=(member, self.twin, claim, sender))
        self.process.start()
        sender.close()
        self.said, self.came_to_its_end = "", False

    def receive(self, take: Callable[[Any], None]) -> bool:
        """Take what is there; false once there will be no more."""
        try:
            message, said = self.receiver.recv()
        except EOFError:
            return False
        if message == _DONE:
            self.said, self.came_to_its_end = said, True
        else:
            take(said)
        return True

    def kill(self, why: str) -> None:
        self.said = why
        self.process.kill()

    def end(self) -> None:
        self.process.join()
        self.receiver.close()
        self.twin.__exit__()


def _work(member: Member, fork_server: ForkServer, claim: Claim, sender: Connection) -> None:
    confinement.die_with_parent()
    gc.freeze()  # what is loaded stays: there is no garbage to look for in it
    with sender:
        try:
            said = member(fork_server, claim, lambda one: sender.send((_ONE, one)))
        except (Exception, KeyboardInterrupt) as error:
            said = f"{type(error).__name__}: {error}"
        sender.send((_DONE, said))
