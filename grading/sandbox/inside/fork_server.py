"""A process that has imported torch and nothing of the grader, and forks a worker in tens of milliseconds on demand.

It never runs student code itself and never a parallel region, which would make forking unsafe.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

# What submissions use is imported once, here.
import jaxtyping  # noqa: F401
import psutil
import torch
import torch.func
import torch.fx.experimental.symbolic_shapes  # autograd imports it at its first use

from . import confinement, loader, parsing, seccomp, serve
from .rehearsal import rehearse
from .world import cuda, preload

_ROUNDS_OF_ORPHANS = 100


def run(control: socket.socket) -> None:
    torch.set_num_threads(1)
    sys.dont_write_bytecode = True
    confinement.adopt_orphans()
    cuda.stay_on_cpu()
    for looked_up_once in (confinement.libraries, seccomp.filter_program, loader.the_graders_modules):
        looked_up_once()
    rehearse()
    gc.freeze()
    gc.enable()
    workers: set[int] = set()  # and clones
    clones: set[int] = set()
    preloaded: set[str] = set()  # for these submissions
    read = ""  # the submission whose files are parsed
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
        if not message:  # whoever asked is gone: nothing is to go on running
            for pid in workers - clones:
                _reap(pid, workers)
            os._exit(0)  # taking apart what is loaded takes a second
        request = json.loads(message)
        if "spawn" in request:
            if request["optimises"]:  # at its first use an optimizer imports this: 0.8 s for each worker
                with contextlib.suppress(Exception):
                    importlib.import_module("torch._dynamo")
            place = request["spawn"]
            if place["code"] not in preloaded:
                preload.preload(Path(place["code"]), place["forbidden"])
                preloaded.add(place["code"])
                gc.freeze()  # a worker that looks through what is loaded for garbage has all of it copied
            elif place["code"] != read:  # not for the first: most of its files matter to others alone
                read = place["code"]
                parsing.read_ahead(Path(read))
                gc.freeze()
            pid = os.fork()
            if pid == 0:
                _become_worker(control, descriptors[0], **place)
            os.close(descriptors[0])
            workers.add(pid)
            answer: dict[str, int | None] = {"pid": pid}
        elif "clone" in request:
            ended = {pid for pid in clones if os.waitpid(pid, os.WNOHANG)[0]}
            workers, clones = workers - ended, clones - ended
            pid = os.fork()
            if pid == 0:  # go on as a second process of this kind, for another grader
                confinement.die_with_parent()
                control.close()
                confinement.adopt_orphans()
                control, workers, clones = socket.socket(fileno=descriptors[0]), set(), set()
                continue
            os.close(descriptors[0])
            workers.add(pid)
            clones.add(pid)
            answer = {"pid": pid}
        else:
            workers.discard(request["reap"])
            answer = {"status": _reap(request["reap"], workers)}
        control.sendall(json.dumps(answer).encode() + b"\n")


def _become_worker(
    control: socket.socket,
    descriptor: int,
    code: str,
    scratch: str,
    module: str,
    function: str,
    forbidden: list[str],
) -> None:
    try:
        control.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        channel = socket.socket(fileno=descriptor)
        serve.serve(channel, Path(code), Path(scratch), module, function, forbidden)
    finally:
        os._exit(0)


def _reap(pid: int, others: set[int]) -> int | None:
    """End the worker and everything that it started; its exit code if it had ended by itself, negative for a signal."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    # Processes that left the worker's session are this process's children now: all that are no workers. Again, as long as
    # there are some: what they have started in turn comes here when they end, and a list may lack one of many that do.
    for _ in range(_ROUNDS_OF_ORPHANS):
        orphans = _children() - others
        if not orphans:
            break
        for child in orphans:
            with contextlib.suppress(psutil.Error, ChildProcessError):
                left = psutil.Process(child)
                for process in (left, *left.children(recursive=True)):
                    process.kill()
                os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if ended else None


def _children() -> set[int]:
    """Of this process. The kernel tells; psutil would look at every process of the machine."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    if listed.is_file():
        return set(map(int, listed.read_text().split()))
    return {child.pid for child in psutil.Process().children()}
