"""The trusted side's handle on one worker: talk to it within a time limit, and end it."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from ..contract.functions import Function
from ..paths import A_KITS_FILE
from ..verdicts import GraderFault
from . import limits
from .crossing import places, wire
from .deadline import NEVER, Deadline, TimeIsUp
from .fork_server import ForkServer


class Hung(Exception):
    """A worker did not answer in time; it has been ended. The argument is the loop that it says it was in, if any."""


class Died(Exception):
    """A worker ended before it answered; the argument is its exit code, negative for a signal, None if unknown."""


class Worker:
    """One forked process with one function of the submission in it."""

    def __init__(
        self,
        fork_server: ForkServer,
        code: Path,
        function: Function,
        forbidden: Sequence[str] = (),
        deadline: Deadline = NEVER,
    ) -> None:
        self.fork_server, self.function, self.deadline = fork_server, function, deadline
        self.pid, self.channel, self.scratch = fork_server.spawn(code, function, forbidden)
        self.file = places.file_of(code, function.module, function.name)
        self.ended = False
        self.closed: list[str] | None = None  # what the kernel closes to it; known once it has settled
        self.importing = ""  # the file that it is importing, or has imported last

    def loaded(self) -> dict[str, Any]:
        """What came of importing the submission: found, missing, or raised.

        Before that, and before the first line of student code, the worker says how it is confined; then which file it
        imports, and the next one.
        """
        try:
            settled = self._wait(limits.IMPORT_SECONDS, [])
        except (Hung, Died, wire.ProtocolError) as error:
            raise GraderFault(f"a worker was gone before any student code ran ({type(error).__name__})") from error
        if "fault" in settled:
            self.end()
            raise GraderFault(str(settled["fault"]))
        self.closed = settled["confined"]
        files = [A_KITS_FILE, self.file, "adapters.py", "__init__.py"]
        while "importing" in (answer := self._wait(limits.IMPORT_SECONDS, [])):
            if answer["importing"] not in files:
                raise wire.ProtocolError("a file that is not imported now")
            self.importing = answer["importing"]
            files = files[: files.index(self.importing)]
        return answer

    def call(self, request: dict[str, Any], callbacks: list[Callable], seconds: float) -> dict[str, Any]:
        return self._wait(seconds, callbacks, request)

    def end(self) -> int | None:
        """Stop the worker, with everything that it started; its exit code if it had ended by itself."""
        if self.ended:
            return None
        self.ended = True
        self.channel.close()
        status = self.fork_server.reap(self.pid)
        shutil.rmtree(self.scratch, ignore_errors=True)
        return status

    def _wait(self, seconds: float, callbacks: list[Callable], request: dict[str, Any] | None = None) -> dict[str, Any]:
        start = time.monotonic()
        start_cpu: list[float] = []  # read at the first look, a quarter of a second in: most calls are over by then
        interrupted: list[float] = []  # when it was told that its time is over
        here = 0.0  # spent on answers of our own, such as a network's: no time of the student's
        idle = 0.0  # in which it did nothing; on a busy machine it waits for its turn instead

        def out_of_time(looked: float) -> bool:
            nonlocal idle
            self.deadline.check()
            waited, now = time.monotonic() - start - here, self._processor_seconds()
            if looked and start_cpu and now - start_cpu[-1] < limits.LOOK_EVERY / 10 and self._sleeps():
                idle += limits.LOOK_EVERY
            start_cpu.append(now)
            used = now - start_cpu[0]
            too_long = (waited > seconds and used > seconds) or idle > seconds * limits.IDLE
            if here > seconds * limits.ANSWERING:
                return True
            if not (too_long or waited > seconds * limits.PATIENCE):
                return False
            if not interrupted:  # it has a moment to say itself where it is
                self._interrupt()
                interrupted.append(time.monotonic())
            return time.monotonic() - interrupted[0] > limits.SAYING_WHERE * limits.patience()

        try:
            if request is not None:
                wire.send(self.channel, request, out_of_time)
            for _ in range(limits.CALLBACKS):
                message = wire.receive(self.channel, out_of_time)
                if not isinstance(message, dict):
                    raise wire.ProtocolError("a message that is not an object")
                if isinstance(message.get("hung"), dict):
                    self.end()
                    raise Hung(message["hung"])
                if "callback" not in message:
                    return message
                asked = time.monotonic()
                answer = self._answer(message, callbacks)
                here += time.monotonic() - asked
                wire.send(self.channel, answer, out_of_time)
                self.deadline.check()
                if time.monotonic() - start > seconds and out_of_time(0):
                    break
            self.end()
            raise Hung
        except wire.OutOfTime:
            self.end()
            raise Hung from None
        except wire.Closed:
            if interrupted:
                self.end()
                raise Hung from None
            time.sleep(0.01)  # the channel closes a moment before the process is gone
            raise Died(self.end()) from None
        except (wire.ProtocolError, TimeIsUp) as error:
            self.end()
            if interrupted and isinstance(error, wire.ProtocolError):  # in the middle of a message
                raise Hung from None
            raise

    @staticmethod
    def _answer(message: dict[str, Any], callbacks: list[Callable]) -> dict[str, Any]:
        """Run a probe for the worker; what the probe refuses is the student's error and goes back as one."""
        number, arguments, keywords = message["callback"], message.get("arguments"), message.get("keywords")
        known = isinstance(number, int) and 0 <= number < len(callbacks)
        if not (known and isinstance(arguments, list) and isinstance(keywords, dict)):
            raise wire.ProtocolError("a callback that does not exist")
        try:
            return {"answer": callbacks[number](*arguments, **keywords)}
        except Exception as error:
            return {"refused": str(error), "error": type(error).__name__}

    def _interrupt(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGPROF)

    def _sleeps(self) -> bool:
        """Whether it is waiting for something else than the processor."""
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.pid).status() not in (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)
        return True  # it is gone, and something that it left behind keeps the channel open

    def _processor_seconds(self) -> float:
        with contextlib.suppress(psutil.Error):
            used = psutil.Process(self.pid).cpu_times()
            return used.user + used.system
        return 0.0
