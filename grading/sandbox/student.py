"""The submission as checks see it: one callable per graded function, whose calls run in that function's own worker."""

import copy
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from ..contract.functions import function
from ..verdicts import Failure
from . import limits
from .conversation import Conversation
from .describe import describe_call
from .fork_server import ForkServer
from .replies import Observation, Reply, fields, read_reply
from .requests import Request, request

UNTRAINED = {
    "no parameters": "the network has no parameters that an optimizer could train",
    "cut off": "no gradient of the output reaches the network's parameters",
}


class NetworkRun(NamedTuple):
    """A network of the submission's that was built and run."""

    outputs: list[Any]
    losses: list[float]  # the first and the last of a training run
    called: str  # as text
    parameters: int  # how many it has


class OutOfPatience(Exception):
    """A check has failed already, and the time for finding out more is used up."""


class Student:
    """One graded function of one submission. Calling it runs the student's code in a worker of its own.

    A plain function among the arguments stays on this side and is called over the wire; a probe is built there where
    gradients flow through it (``local_probes``) and stays here if not.
    """

    def __init__(self, fork_server: ForkServer, code: Path, task: str, call_seconds: float | None = None) -> None:
        """``code`` is the folder that workers copy; ``call_seconds`` for one call, by default ``limits.CALL_SECONDS``."""
        self.function, self._call_seconds = function(task), call_seconds
        self.record: list[Observation] = []  # what came back, for the diagnosis
        self._conversation = Conversation(fork_server, code, self.function)
        self._deadline = math.inf
        self._failed_seconds = limits.FAILED_SECONDS

    @property
    def task(self) -> str:
        return self.function.task

    # --- its life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Have the worker forked ahead of its first call; it imports the submission meanwhile."""
        self._conversation.start()

    def close(self) -> None:
        self._conversation.close()

    def hurry(self) -> None:
        """Something has failed: from the first time that this is said, no call begins after ``FAILED_SECONDS``."""
        self._deadline = min(self._deadline, time.monotonic() + self._failed_seconds * limits.patience())

    def take_time(self) -> None:
        """The verdict stands; what is asked from now on is extra."""
        self._deadline = math.inf

    def allow(self, seconds: float) -> None:
        """From now on a call may take so much processor time."""
        self._call_seconds = seconds

    def edited(self, edits: list[dict[str, Any]], seconds: float, traced: bool = False) -> "Student":
        """The same function with its code edited, as a student with a record of its own; its first failure ends it.

        An edit is the whole text of one function: ``file``, ``name`` and ``line`` of its code, the ``path`` to it in its
        text, and that, ``source``, as a list of lines.
        """
        twin = copy.copy(self)
        twin.record, twin._deadline, twin._call_seconds, twin._failed_seconds = [], math.inf, seconds, 0.0
        twin._conversation = self._conversation.edited(edits, traced)
        return twin

    def hurry_import(self) -> None:
        """The same import has hung for another function."""
        self._conversation.hurried = True

    # --- what is known of it ------------------------------------------------------------------------------------

    @property
    def stopped(self) -> Failure | None:
        """Why no further call makes sense."""
        return self._conversation.stopped

    @property
    def called(self) -> bool:
        """Whether the student's function was run at all, or its import at least tried."""
        return self._conversation.asked > 0 or self.stopped is not None

    @property
    def asked(self) -> int:
        """How many requests have reached a worker."""
        return self._conversation.asked

    @property
    def open(self) -> bool:
        """Whether its worker can be asked again."""
        return self._conversation.open

    @property
    def code(self) -> Path:
        """The folder with the submission's files."""
        return self._conversation.code

    @property
    def ran(self) -> set[str]:
        """The lines that its calls ran, where it is traced, as its worker says."""
        return self._conversation.ran

    @property
    def hung_import(self) -> bool:
        return self._conversation.hung_import

    @property
    def defined_at(self) -> str:
        return self._conversation.defined_at

    @property
    def confined(self) -> bool | None:
        """Whether the kernel confined the student's code; None where none was run."""
        return self._conversation.confined

    # --- calls --------------------------------------------------------------------------------------------------

    def __call__(
        self,
        *,
        by_name: bool = False,
        cotangent: Tensor | None = None,
        local_probes: bool | None = None,
        recorded: bool = True,
        **arguments: Any,
    ) -> Reply:
        """One call. What takes too long to be replayed with every known mistake need not be ``recorded``."""
        self._expect_time()
        observation = Observation({name: copy.copy(value) for name, value in arguments.items()}, cotangent, None)
        if recorded:
            self.record.append(observation)
        local = self.function.differentiated if local_probes is None else local_probes
        asked = request(self.function, arguments, by_name, cotangent, local)
        try:
            answer = self._conversation.exchange(asked, self._call_seconds)
        except Failure as failure:
            observation.error = failure.error
            raise
        with self._conversation.readable(asked.called):
            observation.reply = read_reply(answer, asked.called)
        return observation.reply

    def ask(self, seconds: float, **arguments: Any) -> Any:
        """The result of one more call, after the verdict: not recorded, and never by a new worker."""
        if not self.open:
            raise Failure("there is no worker any more", kind="died")
        asked = request(self.function, arguments, False, None, self.function.differentiated)
        answer = self._conversation.exchange(asked, seconds)
        with self._conversation.readable(asked.called):
            return read_reply(answer, asked.called).value

    def run_module(
        self,
        settings: dict[str, Any],
        inputs: list[dict[str, Any]],
        by_name: bool = False,
        train: dict[str, Any] | None = None,
        seconds: float | None = None,
    ) -> NetworkRun:
        """Build the submission's network and run it, or train it."""
        self._expect_time()
        called = f"{describe_call(self.function.name, settings)}, then {describe_call('forward', inputs[0])}"
        message = {"settings": settings, "inputs": inputs, "by_name": by_name, "train": train}
        answer = self._conversation.exchange(Request(message, [], called), seconds or self._call_seconds)
        with self._conversation.readable(called):
            form = {"outputs": list, "losses": list, "changed": list, "untrained": str, "parameters": int}
            came = fields(answer, form)
        if came["changed"]:
            names = " and ".join(came["changed"])
            raise Failure(f"{names} changed in place", called, "arguments as they were", kind="changed", subject=names)
        if came["untrained"] in UNTRAINED:
            raise Failure(UNTRAINED[came["untrained"]], called, kind=came["untrained"])
        return NetworkRun(came["outputs"], came["losses"], called, came["parameters"])

    def _expect_time(self) -> None:
        if self.stopped is not None:
            raise self.stopped
        if time.monotonic() > self._deadline:
            raise OutOfPatience
