"""One worker: confined, it imports the submission, finds one function and answers calls until the channel closes."""

import builtins
import contextlib
import io
import os
import shutil
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from .. import limits
from ..crossing import calls, wire
from ..crossing.values import Remote
from . import confinement, loader
from .edits import Edits, traced
from .endless import TooLong, interruptible, loop
from .first_nan import FirstNaN
from .gradients import differentiable
from .handing_on import Watched, hands_on
from .lending import Lending
from .world import forbidden as forbidden_names
from .world import stand_in


class _Printed(io.TextIOBase):
    """Keeps the beginning of what is printed and drops the rest, so that megabytes cost nothing."""

    def __init__(self) -> None:
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text[: limits.PRINTED - len(self.text)]
        return len(text)


def serve(
    channel: socket.socket, code: Path, scratch: Path, module: str, function: str, forbidden: Sequence[str] = ()
) -> None:
    """Settle, import the submission, answer calls until the channel closes."""
    printed = _Printed()
    try:
        folder = _settle(code, scratch, printed)
        confined = confinement.confine(scratch, list(forbidden_names.files(forbidden)))
    except OSError as error:  # nothing of the student's has run yet: whatever went wrong is ours
        wire.send(channel, {"fault": f"a worker could not be set up: {error}"})
        return
    wire.send(channel, {"confined": confined})
    own = loader.Own(folder, forbidden)
    found = _find(channel, own, module, function)
    if found is not None:
        _answer_calls(channel, found, own, printed)


def _settle(code: Path, scratch: Path, printed: _Printed) -> Path:
    """A session, a folder and limits of its own; the folder that holds the submission's copy."""
    os.setsid()
    confinement.die_with_parent()
    _redirect(printed)
    folder = scratch / code.name
    # So that nothing a function writes reaches another one; who may read a file, and since when it is, is no matter here.
    shutil.copytree(code, folder, symlinks=True, copy_function=shutil.copyfile)
    os.chdir(folder)
    # A breakpoint() that was forgotten is passed by: nobody is there to go on from it.
    os.environ.update(HOME=str(scratch), TMPDIR=str(scratch), PYTHONBREAKPOINT="0")
    confinement.limit_resources()
    torch.set_num_threads(1)
    warnings.formatwarning = _told_without_paths(folder)
    return folder


def _told_without_paths(folder: Path) -> Callable[..., str]:
    """Warnings as a report shows them: with the student's own line, and no place of this machine's."""

    def told(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
    ) -> str:
        file = Path(filename)
        own = f"{file.relative_to(folder)}:{lineno}: " if file.is_relative_to(folder) else ""
        return f"{own}{category.__name__}: {message}\n"

    return told


def _find(channel: socket.socket, own: loader.Own, module: str, function: str) -> Callable | None:
    """Import the submission, and say what came of it."""
    found, said = None, dict[str, Any]()
    stand_in.importing = True
    try:
        with interruptible():
            found = own.find(module, function, importing=lambda file: wire.send(channel, {"importing": file}))
        said = {"found": calls.where_defined(found, own.folder)}
    except TooLong as ended:
        said = {"hung": loop(ended, own.folder)}
    except loader.Missing as missing:
        said = {"missing": str(missing)}
    except BaseException as error:
        said = {"raised": calls.describe_error(error, own.folder)}
    stand_in.importing = False
    wire.send(channel, said | {"attempts": own.attempts})
    return found


def _answer_calls(channel: socket.socket, found: Callable, own: loader.Own, printed: _Printed) -> None:
    folder = own.folder
    remote, edits = _remote(channel), Edits(folder)
    adapter = Watched(found, folder) if hands_on(found, calls.where_defined(found, folder)) else None
    lending, networks = Lending(own, remote), list[calls.Built]()
    while True:
        request = wire.receive(channel)
        printed.text = ""
        ran: dict[str, Any] = {"lines": [], "steps": 0}
        watched_lines = request.pop("traced", False)
        tracing = traced(folder, ran) if watched_lines else contextlib.nullcontext()
        try:
            edits.hold(request.pop("edits", []))
            with interruptible(), tracing:
                if "settings" in request:
                    anew = edits.held or watched_lines  # other code, or its lines are asked for
                    reply = calls.run_module(found, **request, kept=None if anew else networks)
                elif request.pop("watched", False):
                    with FirstNaN(folder) as watch:
                        calls.perform(found, **request, remote=remote)
                    reply = watch.found
                elif "default_of" in request:
                    reply = {"default": calls.default_of(found, request["default_of"])}
                elif "lend" in request:
                    lending.lend(**request)
                    reply = {}
                else:
                    reply = calls.perform(adapter or found, **request, remote=remote, given=lending.live)
        except wire.Closed:
            raise
        except TooLong as ended:
            reply = {"hung": loop(ended, folder)}
        except BaseException as error:
            reply = {"raised": calls.describe_error(error, folder)}
        if adapter is not None:
            reply["handed_to"], adapter = adapter.place, None
        wire.send(channel, reply | {"printed": printed.text, **ran, "attempts": own.attempts})


def _remote(channel: socket.socket) -> Callable[[Remote], Callable]:
    """What makes a callable of a function of the other side."""
    lock = threading.Lock()  # student code may call from several threads

    def remote(what: Remote) -> Callable:
        def call(*arguments: Any, **keywords: Any) -> Any:
            given = {"arguments": list(arguments), "keywords": keywords}
            with lock:
                wire.send(channel, {"callback": what.number} | {k: calls.outgoing(v) for k, v in given.items()})
                answer = wire.receive(channel)
            if "refused" in answer:  # as it would have been raised if the function lay here
                kind = getattr(builtins, answer["error"], ValueError)
                raise kind(answer["refused"])
            return answer["answer"]

        return differentiable(call) if what.differentiable else call

    return remote


def _redirect(printed: _Printed) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.stdin = io.StringIO()
    sys.stdout = sys.stderr = printed
