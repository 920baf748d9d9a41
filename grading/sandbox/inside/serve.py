"""One worker: confined, it imports the submission, finds one function and answers calls until the channel closes."""

import io
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from .. import limits
from ..crossing import calls, wire
from ..crossing.values import Remote
from . import confinement, loader
from .gradients import differentiable


class _Printed(io.TextIOBase):
    """Keeps the beginning of what is printed and drops the rest, so that megabytes cost nothing."""

    def __init__(self) -> None:
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text[: limits.PRINTED - len(self.text)]
        return len(text)


def serve(channel: socket.socket, code: Path, scratch: Path, module: str, function: str) -> None:
    os.setsid()
    confinement.die_with_parent()
    printed = _Printed()
    _redirect(printed)
    folder = scratch / code.name
    shutil.copytree(code, folder, symlinks=True)  # so that nothing a function writes reaches another one
    os.chdir(folder)
    os.environ.update(HOME=str(scratch), TMPDIR=str(scratch))
    confinement.limit_resources()
    confined = confinement.confine(scratch)
    torch.set_num_threads(1)

    lock = threading.Lock()

    def remote(what: Remote) -> Callable:
        def call(*arguments: Any, **keywords: Any) -> Any:
            given = {"arguments": list(arguments), "keywords": keywords}
            with lock:
                wire.send(channel, {"callback": what.number} | {k: calls.outgoing(v) for k, v in given.items()})
                answer = wire.receive(channel)
            if "refused" in answer:
                raise ValueError(answer["refused"])
            return answer["answer"]

        return differentiable(call) if what.differentiable else call

    try:
        found = loader.find(loader.mount(folder), folder, module, function)
        wire.send(channel, {"found": calls.where_defined(found, folder), "confined": confined})
    except loader.Missing as missing:
        wire.send(channel, {"missing": str(missing)})
        return
    except wire.Closed:
        return
    except BaseException as error:
        wire.send(channel, {"raised": calls.describe_error(error, folder)})
        return

    while True:
        try:
            request = wire.receive(channel)
        except wire.Closed:
            return
        printed.text = ""
        try:
            if "settings" in request:
                reply = calls.run_module(found, **request)
            else:
                reply = calls.perform(found, **request, remote=remote)
        except wire.Closed:
            return
        except BaseException as error:
            reply = {"raised": calls.describe_error(error, folder)}
        wire.send(channel, reply | {"printed": printed.text})


def _redirect(printed: _Printed) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.stdin = io.StringIO()
    sys.stdout = sys.stderr = printed
