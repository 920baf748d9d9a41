"""The submission as checks see it: one callable per graded function, whose calls run in that function's own worker."""

import contextlib
import copy
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from .differentiable import Differentiable
from .failures import Failure, raised
from .tasks import parameters
from .worker import wire
from .worker.values import Derived, Leaf, Probe, Remote, Seeded
from .workers import Died, Hung, Worker
from .zygote import Zygote

FAILED_SECONDS = 0.6  # of wall clock, once a check has failed, for finding out what else does
MOST_PATIENCE = 4  # wall clock may be this many times what it is on an idle machine
DIFFERENTIATED = ("dps", "gan_losses", "inversion", "unet")  # modules in which gradients flow through probes


@dataclass
class Reply:
    """What a call gave back. ``value`` is a claim of untrusted code about numbers; the rest is evidence."""

    value: Any
    called: str
    changed: list[str]  # arguments that were changed in place
    attached: bool  # the result hangs on an autograd graph
    grad_left: list[str]  # arguments with a .grad that was not there before
    unfrozen: list[str]  # networks whose parameters' requires_grad was changed
    moved_random_state: bool  # the global one
    kept_graph: list[str]  # networks that were reached through the graph of an earlier call
    grads: dict[str, Tensor | None] | None  # by leaf argument; None where the result is not differentiable
    printed: str

    def fail(self, summary: str, expected: str = "", got: str = "") -> Failure:
        return Failure(summary, called=self.called, expected=expected, got=got, printed=self.printed)


@dataclass
class Observation:
    """One call and its reply; None where the call came to no reply, with the type of the exception if it raised one."""

    arguments: dict[str, Any]
    cotangent: Tensor | None
    reply: "Reply | None"
    error: str = ""


def patience() -> float:
    """How many processes share a processor here, within limits: how much longer by the wall clock everything takes."""
    try:
        load = os.getloadavg()[0]
    except OSError:  # there is none to be had
        load = 0.0
    return min(max(1.0, load / (os.cpu_count() or 1)), MOST_PATIENCE)


class OutOfPatience(Exception):
    """A check has failed already, and the time for finding out more is used up."""


class Student:
    """One graded function of one submission. Calling it runs the student's code in a worker of its own.

    Arguments are given by name and handed on by position, in the contract's order, unless ``by_name`` is set. A plain
    function among the arguments stays on this side and is called over the wire; a :class:`Probe` is built there if
    ``local_probes`` is set (gradients flow through it) and stays here if not.
    """

    def __init__(self, zygote: Zygote, submission: Path, task: str) -> None:
        self.zygote, self.submission, self.task = zygote, submission, task
        self.module, self.function = task.split(".")
        self.local_probes = self.module in DIFFERENTIATED
        self.worker: Worker | None = None
        self.stopped: Failure | None = None  # set once no further call makes sense
        self.calls = 0
        self.ready = False  # the worker has imported the submission
        self.hung_import = False
        self.hurried = False  # the same import has hung for another function
        self.record: list[Observation] = []  # what came back, for the diagnosis
        self.deadline = math.inf
        self.seconds: float | None = None  # for a call; None is the workers' own limit
        self.defined_at = ""
        self.confined: bool | None = None

    def start(self) -> None:
        """Have the worker forked ahead of its first call; it imports the submission meanwhile."""
        if self.worker is None:
            self.worker = Worker(self.zygote, self.submission, self.module, self.function)
            self.ready = False

    def hurry(self) -> None:
        """Something has failed: from the first time that this is said, no call begins after ``FAILED_SECONDS``."""
        self.deadline = min(self.deadline, time.monotonic() + FAILED_SECONDS * patience())

    def close(self) -> None:
        if self.worker is not None:
            self.worker.end()

    def __call__(
        self,
        *,
        by_name: bool = False,
        cotangent: Tensor | None = None,
        local_probes: bool | None = None,
        **arguments: Any,
    ) -> Reply:
        self._expect_time()
        observation = Observation({name: copy.copy(value) for name, value in arguments.items()}, cotangent, None)
        self.record.append(observation)
        local = self.local_probes if local_probes is None else local_probes
        request, callbacks, called = self._request(arguments, by_name, cotangent, local)
        try:
            answer = self._exchange(request, callbacks, called)
        except Failure as failure:
            observation.error = failure.error
            raise
        with self._readable(called):
            observation.reply = _reply(answer, called)
        return observation.reply

    def ask(self, seconds: float, **arguments: Any) -> Any:
        """The result of one more call, after the verdict: not recorded, and never by a new worker."""
        if self.worker is None or self.worker.ended or not self.ready:
            raise Failure("there is no worker any more", kind="died")
        request, callbacks, called = self._request(arguments, False, None, self.local_probes)
        answer = self._exchange(request, callbacks, called, seconds)
        with self._readable(called):
            return _reply(answer, called).value

    def _request(
        self, arguments: dict[str, Any], by_name: bool, cotangent: Tensor | None, local_probes: bool
    ) -> tuple[dict[str, Any], list[Any], str]:
        arguments = {name: arguments[name] for name in parameters(self.task) if name in arguments}
        callbacks: list[Any] = []
        sent = {name: _portable(value, callbacks, local_probes) for name, value in arguments.items()}
        positional = [] if by_name else _leading(parameters(self.task), sent)
        request = {"positional": positional, "arguments": sent, "cotangent": cotangent}
        return request, callbacks, describe_call(self.function, arguments)

    def run_module(
        self,
        settings: dict[str, Any],
        inputs: list[dict[str, Any]],
        by_name: bool = False,
        train: dict[str, Any] | None = None,
    ) -> tuple[list[Any], list[float], str]:
        """Build the submission's network and run it: its outputs, the losses of a training run, and the call as text."""
        called = f"{describe_call(self.function, settings)}, then {describe_call('forward', inputs[0])}"
        request = {"settings": settings, "inputs": inputs, "by_name": by_name, "train": train}
        answer = self._exchange(request, [], called)
        with self._readable(called):
            fields = _fields(answer, {"outputs": list, "losses": list, "changed": list})
        if fields["changed"]:
            raise Failure(f"{' and '.join(fields['changed'])} changed in place", called, "arguments as they were")
        return fields["outputs"], fields["losses"], called

    def _expect_time(self) -> None:
        if self.stopped is not None:
            raise self.stopped
        if time.monotonic() > self.deadline:
            raise OutOfPatience

    def _exchange(
        self, request: dict[str, Any], callbacks: list[Any], called: str, seconds: float | None = None
    ) -> dict[str, Any]:
        """Send one request to the worker; its answer, or the failure that came instead."""
        if seconds is None:
            self._expect_time()
        try:
            worker = self._ready_worker()
            self.calls += 1
            answer = worker.call(request, callbacks, self.seconds if seconds is None else seconds)
        except Hung:
            self.hung_import = not self.ready
            where = f"importing {self.module}.py" if self.hung_import else "your code"
            self.stopped = Failure(f"{where} did not come to an end within the time limit", called=called, kind="hung")
            raise self.stopped from None
        except Died as died:
            self.worker = None
            raise Failure(f"your code ended the process that ran it ({_cause(died)})", called, kind="died") from None
        except wire.ProtocolError as error:
            self.worker = None
            raise Failure(f"what came back cannot be read: {error}", called=called, kind="died") from None
        if "raised" in answer:
            with self._readable(called):
                failure = raised(_fields(answer, {"raised": dict})["raised"], called)
                failure.printed = _fields(answer, {"printed": str})["printed"]
            if failure.kind == "not implemented" and self.calls == 1:
                self.stopped = failure
            raise failure
        return answer

    @contextlib.contextmanager
    def _readable(self, called: str) -> Iterator[None]:
        """An answer of another form does not come from a worker of ours any more, but from the student's code."""
        try:
            yield
        except wire.ProtocolError as error:
            self.close()
            self.worker = None
            raise Failure(f"what came back cannot be read: {error}", called=called, kind="died") from None

    def _ready_worker(self) -> Worker:
        self.start()
        assert self.worker is not None
        if not self.ready:
            answer = self.worker.loaded(self.hurried)
            if "missing" in answer:
                self.stopped = Failure(f"not implemented: {answer['missing']}", kind="not implemented")
            elif "raised" in answer:
                with self._readable(""):
                    self.stopped = raised(_fields(answer, {"raised": dict})["raised"], "")
                self.stopped.summary = self.stopped.summary.replace("your code", f"importing {self.module}.py", 1)
            if self.stopped is not None:
                raise self.stopped
            with self._readable(""):
                loaded = _fields(answer, {"found": str, "confined": bool})
            self.defined_at, self.confined, self.ready = loaded["found"], loaded["confined"], True
        return self.worker


def _portable(value: Any, callbacks: list[Any], local_probes: bool) -> Any:
    if isinstance(value, Differentiable):
        callbacks.append(value.answer)
        return Remote(len(callbacks) - 1, differentiable=True)
    if callable(value) and not (isinstance(value, Probe) and local_probes):
        callbacks.append(value)
        return Remote(len(callbacks) - 1)
    return value


def _leading(names: tuple[str, ...], arguments: dict[str, Any]) -> list[str]:
    """The arguments that can go by position: the contract's first ones up to the first that is left out."""
    leading = []
    for name in names:
        if name not in arguments:
            break
        leading.append(name)
    return leading


def _cause(died: Died) -> str:
    (status,) = died.args
    if status is None:
        return "it closed the grader's channel"
    return f"signal {-status}" if status < 0 else f"exit code {status}"


_FORM = {  # of a worker's answer to a call; whatever has another form does not come from a worker of ours
    "changed": list,
    "grad_left": list,
    "unfrozen": list,
    "kept_graph": list,
    "attached": bool,
    "moved_random_state": bool,
    "printed": str,
}


def _reply(answer: dict[str, Any], called: str) -> Reply:
    """Validate a worker's answer: it comes from a process that runs student code."""
    facts = _fields(answer, _FORM)
    grads = answer.get("grads")
    if not (
        grads is None or (isinstance(grads, dict) and all(v is None or isinstance(v, Tensor) for v in grads.values()))
    ):
        raise wire.ProtocolError("gradients that are no tensors")
    return Reply(value=answer.get("result"), called=called, grads=grads, **facts)


def _fields(answer: dict[str, Any], form: dict[str, type]) -> dict[str, Any]:
    for name, kind in form.items():
        if not isinstance(answer.get(name), kind):
            raise wire.ProtocolError(f"an answer without {name}")
        plain = name == "outputs" or kind is not list  # what a network gives out is for a check to judge
        if not plain and not all(isinstance(item, str | float) for item in answer[name]):
            raise wire.ProtocolError(f"an answer with strange {name}")
    return {name: answer[name] for name in form}


def describe_call(function: str, arguments: dict[str, Any]) -> str:
    return f"{function}({', '.join(f'{name}={describe(value)}' for name, value in arguments.items())})"


def describe(value: Any) -> str:
    """A value in one short piece of text: a tensor by dtype and shape, small ones with their numbers."""
    if isinstance(value, Leaf):
        return describe(value.tensor)
    if isinstance(value, Derived):
        return f"<computed from {value.of}>"
    if isinstance(value, Probe):
        return f"<{value.name}>"
    if isinstance(value, Seeded):
        return f"<generator with seed {value.seed}>"
    if isinstance(value, Tensor):
        kind = f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
        small = value.numel() <= 4
        return f"{kind} {value.tolist()}" if small else kind
    if callable(value):
        return "<function>"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
