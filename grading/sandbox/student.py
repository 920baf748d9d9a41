"""The submission as checks see it: one callable per graded function, whose calls run in that function's own worker."""

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from ..contract.functions import function
from ..contract.profile import CONTRACT, Profile
from ..verdicts import Failure
from . import limits
from .conversation import Conversation
from .deadline import NEVER, Deadline
from .describe import describe_call
from .fork_server import ForkServer
from .lending import Loan
from .replies import Observation, Reply, fields, place, read_reply
from .requests import Request, request

UNTRAINED = {
    "no parameters": "the network has no parameters that an optimizer could train",
    "cut off": "no gradient of the output reaches the network's parameters",
}


SLOW = 20  # calls that a search, a network's run, a call on many numbers, or a worker's death counts for
MANY = 100_000  # numbers
A_CALLS_NUMBERS = 1_500  # that take about as long as all else in a call


class NetworkRun(NamedTuple):
    """A network of the submission's that was built and run."""

    outputs: list[Any]
    losses: list[float]  # the first and the last of a training run
    called: str  # as text
    parameters: int  # how many it has
    drew: bool  # while it ran, from a global random state


class NetworkCall(NamedTuple):
    """How a network was built, and the first of what it was run on."""

    settings: dict[str, Any]
    inputs: dict[str, Any]


class NotAsked(Exception):
    """The course's own kit leaves free what would be asked here."""


class OutOfPatience(Exception):
    """A check has failed already, and the calls for finding out more are used up."""


class Student:
    """One graded function of one submission. Calling it runs the student's code in a worker of its own.

    A plain function among the arguments stays on this side and is called over the wire; a probe is built there where
    gradients flow through it (``local_probes``) and stays here if not.
    """

    def __init__(
        self,
        fork_server: ForkServer,
        code: Path,
        task: str,
        call_seconds: float | None = None,
        lent: Sequence[str] = (),
        profile: Profile = CONTRACT,
        forbidden: Sequence[str] = (),
        deadline: Deadline = NEVER,
    ) -> None:
        """``code`` is the folder that workers copy; ``call_seconds`` for one call, by default ``limits.CALL_SECONDS``.

        Right functions stand in the place of those that are ``lent``, wherever the submission calls them. Calls outside
        a kit's ``profile`` are not asked: :class:`NotAsked`. What is ``forbidden`` is not there for it. After the
        ``deadline`` every call ends in ``TimeIsUp``.
        """
        self.function, self._call_seconds, self._profile = function(task), call_seconds, profile
        self.record: list[Observation] = []  # what came back, for the diagnosis
        self.failures: list[Failure] = []  # what the checks have found, once the verdict stands
        self.remarks: list[str] = []  # what costs nothing and is said all the same
        self.built: dict[str, NetworkCall] = {}  # the latest runs of a network, by the call as text
        self._loans = [Loan(task) for task in lent]
        messages = [loan.message for loan in self._loans]
        self._conversation = Conversation(fork_server, code, self.function, messages, forbidden, deadline)
        self._calls_left, self._slow, self._goes_on = math.inf, False, True
        self._callbacks: int | None = None  # of one call, where it may make fewer than others
        self.spent = 0  # calls, of which slow ones and those on many numbers count as several

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
        """Something has failed: from the first time that this is said, ``FAILED_CALLS`` more calls are made."""
        self._calls_left = min(self._calls_left, limits.FAILED_CALLS if self._goes_on else 0)

    def take_time(self) -> None:
        """The verdict stands; what is asked from now on is extra."""
        self._calls_left = math.inf

    def allow(self, seconds: float) -> None:
        """From now on a call may take so much processor time."""
        self._call_seconds, self._slow = seconds, True

    def remark(self, said: str) -> None:
        """Something that costs no point."""
        if said not in self.remarks:
            self.remarks.append(said)

    def edited(self, edits: list[dict[str, Any]], seconds: float, traced: bool = False) -> "Student":
        """The same function with its code edited, as a student with a record of its own; its first failure ends it.

        An edit is the whole text of one function: ``file``, ``name`` and ``line`` of its code, the ``path`` to it in its
        text, and that, ``source``, as a list of lines.
        """
        twin = self.afresh()
        twin._call_seconds, twin._goes_on, twin._callbacks = seconds, False, limits.REPAIR_CALLBACKS
        twin._conversation = self._conversation.edited(edits, traced)
        return twin

    def afresh(self) -> "Student":
        """The same function, with a record of its own, in a worker that has answered nothing yet."""
        twin = copy.copy(self)
        twin.record, twin.failures, twin.remarks, twin._calls_left = [], [], [], math.inf
        twin._conversation = self._conversation.afresh()
        return twin

    def stop(self, why: Failure) -> None:
        """What has stopped another function stops this one: the same import has hung."""
        self._conversation.stopped = why

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
    def borrowed(self) -> list[str]:
        """Which of the lent functions it called; none where one of them could not answer."""
        return [] if self.let_down else [loan.function.task for loan in self._loans if loan.called]

    @property
    def let_down(self) -> list[str]:
        """Which of the lent functions could not answer it."""
        return [loan.function.task for loan in self._loans if loan.failed]

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
    def steps(self) -> int:
        """How many lines those calls ran, each as often as it was run: what a call costs, on any machine."""
        return self._conversation.steps

    @property
    def deadline(self) -> Deadline:
        """Of the submission."""
        return self._conversation.deadline

    @property
    def hung_in(self) -> str:
        """The file whose import has hung, if that is why it stopped."""
        return self._conversation.hung_in

    @property
    def attempts(self) -> list[str]:
        """What was asked for that is not to be used, with the lines, as its worker says."""
        return [f"{what} is not to be used in this homework: {line}" for what, line in self._conversation.attempts]

    @property
    def defined_at(self) -> str:
        return self._conversation.defined_at

    @property
    def printed(self) -> str:
        """By the first of its calls that printed anything."""
        return self._conversation.printed

    @property
    def closed(self) -> list[str] | None:
        """What the kernel closed to the student's code; None where none was run."""
        return self._conversation.closed

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
        self._expect_within_the_profile(arguments)
        numbers = sum(value.numel() for value in arguments.values() if isinstance(value, Tensor))
        self._count(SLOW if self.function.optimises or self._slow or numbers > MANY else 1)
        self.spent += numbers // A_CALLS_NUMBERS
        observation = Observation(arguments, cotangent, None, by_name=by_name)
        if recorded:
            observation.arguments = {name: _aside(value) for name, value in arguments.items()}
            self.record.append(observation)
        local = self.function.differentiated if local_probes is None else local_probes
        asked = request(self.function, arguments, by_name, cotangent, local, self._loans)
        if self._callbacks is not None:
            asked = asked.asking_at_most(self._callbacks)
        try:
            answer = self._conversation.exchange(asked, self._call_seconds)
        except Failure as failure:
            observation.error, observation.raised, failure.call = failure.error, failure.summary, observation
            if failure.kind == "died":
                self._count(SLOW)  # the next call needs another worker
            raise
        with self._conversation.readable(asked.called):
            observation.reply = read_reply(answer, asked.called)
            observation.reply.call = observation
        return observation.reply

    def ask(self, seconds: float, **arguments: Any) -> Any:
        """The result of one more call, after the verdict: not recorded, and never by a new worker."""
        self._expect_within_the_profile(arguments)
        if not self.open:
            raise Failure("there is no worker any more", kind="died")
        asked = request(self.function, arguments, False, None, self.function.differentiated, self._loans)
        answer = self._conversation.exchange(asked, seconds)
        with self._conversation.readable(asked.called):
            return read_reply(answer, asked.called).value

    def default_of(self, name: str) -> Any:
        """What an argument is where it is left out, as the worker reads in the signature; None where it does not say."""
        asked = Request({"default_of": name}, [], f"the signature of {self.function.name}")
        return self._conversation.exchange(asked, self._call_seconds).get("default")

    def first_nan(self, **arguments: Any) -> tuple[str, str]:
        """What makes the first nan of a call whose result has one, and the line; both as the worker says."""
        asked = request(self.function, arguments, False, None, self.function.differentiated)
        try:
            found = self._conversation.exchange(
                replace(asked, message=asked.message | {"watched": True}), self._call_seconds
            )
        except Failure:
            return "", ""
        frame = found.get("frame")
        return str(found.get("what", "")), place(frame) if isinstance(frame, dict) and frame else ""

    def run_module(
        self,
        settings: dict[str, Any],
        inputs: list[dict[str, Any]],
        by_name: bool = False,
        train: dict[str, Any] | None = None,
        training: bool = False,
        seconds: float | None = None,
        run: bool = True,
    ) -> NetworkRun:
        """Build the submission's network and run it, in eval mode unless ``training``, or ``train`` it.

        Where its size alone is of interest it need not be ``run``.
        """
        self._expect_within_the_profile(settings)
        self._count(SLOW)
        called = f"{describe_call(self.function.name, settings)}, then {describe_call('forward', inputs[0])}"
        self.built[called] = NetworkCall(settings, inputs[0])
        asked = inputs if run else []
        message = {"settings": settings, "inputs": asked, "by_name": by_name, "train": train, "training": training}
        answer = self._conversation.exchange(Request(message, [], called), seconds or self._call_seconds)
        with self._conversation.readable(called):
            form = {"outputs": list, "losses": list, "changed": list, "untrained": str, "parameters": int, "drew": bool}
            came = fields(answer, form)
        if came["changed"]:
            names = " and ".join(came["changed"])
            raise Failure(f"{names} changed in place", called, "arguments as they were", kind="changed", subject=names)
        if came["untrained"] in UNTRAINED:
            raise Failure(UNTRAINED[came["untrained"]], called, kind=came["untrained"])
        return NetworkRun(came["outputs"], came["losses"], called, came["parameters"], came["drew"])

    def _expect_within_the_profile(self, arguments: dict[str, Any]) -> None:
        if not self._profile.asks(self.task, arguments):
            raise NotAsked

    def _count(self, calls: int) -> None:
        if self.stopped is not None:
            raise self.stopped
        if self._calls_left <= 0:
            raise OutOfPatience
        self._calls_left -= calls
        self.spent += calls


def _aside(value: Any) -> Any:
    """A copy of an argument, of a tensor with the same numbers, which ``copy`` takes ten times as long for."""
    return value.detach() if isinstance(value, Tensor) else copy.copy(value)
