"""The trusted side's handles: start the preloaded process, have workers forked, talk to them within a time limit."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from .failures import GraderFault
from .worker import wire

ROOT = Path(__file__).resolve().parents[1]
CALL_SECONDS = 10.0  # processor time for one call; a slow, correct loop over pixels takes two or three
IMPORT_SECONDS = 30.0
PATIENCE = 3  # wall clock may be this many times the limit where the processor is shared, and no more
MAX_CALLBACKS = 20_000  # per call; a sampler needs a few dozen

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "TZ")
_BOOT = """
import json, socket, sys
root, path, descriptor = json.loads(sys.argv[1])
sys.path[:] = [root, *path]
from grading.worker import zygote
zygote.run(socket.socket(fileno=descriptor), root)
"""


class Hung(Exception):
    """A worker did not answer in time; it has been ended."""


class Died(Exception):
    """A worker ended before it answered; the argument is its exit code, negative for a signal, None if unknown."""


class Zygote:
    """The preloaded process; a context manager. Starting it returns at once, it loads while the caller goes on."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="grading-"))
        ours, theirs = socket.socketpair()
        path = [p for p in sys.path if p and Path(p).resolve() != ROOT]
        boot = json.dumps([str(ROOT), path, theirs.fileno()])
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, boot],
            pass_fds=[theirs.fileno()],
            env=environment | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            cwd=self.scratch,
        )
        theirs.close()
        self.control = ours
        self.answers = ours.makefile("r")

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def spawn(self, submission: Path, module: str, function: str) -> "Worker":
        ours, theirs = socket.socketpair()
        scratch = Path(tempfile.mkdtemp(dir=self.scratch))
        request = {"submission": str(submission), "scratch": str(scratch), "module": module, "function": function}
        with theirs:
            pid = self._ask({"spawn": request}, [theirs.fileno()])["pid"]
        return Worker(self, pid, ours, scratch)

    def reap(self, pid: int) -> int | None:
        return self._ask({"reap": pid})["status"]

    def _ask(self, request: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], descriptors or [])
            answer = self.answers.readline()
        except OSError as error:
            raise GraderFault(f"the process that starts workers cannot be reached: {error}") from error
        if not answer:
            raise GraderFault(f"the process that starts workers ended with code {self.process.wait()}")
        return json.loads(answer)


class Worker:
    """One forked process with one function of the submission in it."""

    def __init__(self, zygote: Zygote, pid: int, channel: socket.socket, scratch: Path) -> None:
        self.zygote, self.pid, self.channel, self.scratch = zygote, pid, channel, scratch
        self.ended = False

    def loaded(self) -> dict[str, Any]:
        """The first message: found, missing, or raised while importing."""
        return self._wait(IMPORT_SECONDS, [])

    def call(self, request: dict[str, Any], callbacks: list[Callable], seconds: float = CALL_SECONDS) -> dict[str, Any]:
        try:
            wire.send(self.channel, request)
        except wire.Closed:
            raise Died(self.end()) from None
        return self._wait(seconds, callbacks)

    def end(self) -> int | None:
        """Stop the worker, with everything that it started; its exit code if it had ended by itself."""
        if self.ended:
            return None
        self.ended = True
        self.channel.close()
        status = self.zygote.reap(self.pid)
        shutil.rmtree(self.scratch, ignore_errors=True)
        return status

    def _wait(self, seconds: float, callbacks: list[Callable]) -> dict[str, Any]:
        start, start_cpu = time.monotonic(), self._processor_seconds()

        def out_of_time(_: float) -> bool:
            waited = time.monotonic() - start
            used = self._processor_seconds() - start_cpu
            return waited > seconds * PATIENCE or (waited > seconds and used > seconds)

        try:
            for _ in range(MAX_CALLBACKS):
                message = wire.receive(self.channel, out_of_time)
                if not isinstance(message, dict):
                    raise wire.ProtocolError("a message that is not an object")
                if "callback" not in message:
                    return message
                wire.send(self.channel, self._answer(message, callbacks))
                if out_of_time(0):
                    break
            self.end()
            raise Hung
        except wire.OutOfTime:
            self.end()
            raise Hung from None
        except wire.Closed:
            time.sleep(0.01)  # the channel closes a moment before the process is gone
            raise Died(self.end()) from None
        except wire.ProtocolError:
            self.end()
            raise

    @staticmethod
    def _answer(message: dict[str, Any], callbacks: list[Callable]) -> dict[str, Any]:
        """Run a probe for the worker; what the probe refuses is the student's error and goes back as one."""
        number, arguments = message["callback"], message.get("arguments")
        if not (isinstance(number, int) and 0 <= number < len(callbacks) and isinstance(arguments, list)):
            raise wire.ProtocolError("a callback that does not exist")
        try:
            return {"answer": callbacks[number](*arguments)}
        except Exception as error:
            return {"refused": f"{type(error).__name__}: {error}"}

    def _processor_seconds(self) -> float:
        with contextlib.suppress(psutil.Error):
            used = psutil.Process(self.pid).cpu_times()
            return used.user + used.system
        return 0.0
