"""Name the mistake: read the formula back, and see which entry of the catalogue gives every reply that came back.

A diagnosis is made only when it explains all calls, those that are right by chance included. A catalogued mistake has
to give their results, gradients, arguments changed in place, graphs and ``.grad`` left behind; a formula that was read
back has to give their results. Where neither does, the smallest failing call is shown instead. Points are never changed.
"""

import importlib
import os
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from . import readback
from .compare import ROUNDINGS, alike, exact, precision, tolerance
from .failures import Failure
from .mistakes import CATALOGUE, Mistake
from .student import Observation, Student, describe_call
from .tasks import MODULES
from .worker.calls import perform
from .worker.values import Leaf

_FACTS = ("changed", "attached", "grad_left", "unfrozen", "moved_random_state", "kept_graph")
MAX_CALLS = 120  # replayed for each candidate; all checks of a function make about as many
READING_SECONDS = 0.9  # of processor time on this side, for reading back; then nothing has been found
WAITING_SECONDS = 1.4  # of wall clock, on a machine that is not shared; no call to the student's code begins later
PATIENCE = 4  # wall clock may be this many times the limit where many processes share the processors
PROBE_SECONDS = 0.25  # for one such call; a worker that hangs is ended after twice that
_SHOWN = 12  # values of a tensor


@dataclass
class Diagnosis:
    mistakes: list[Mistake] = field(default_factory=list)
    reading: list[readback.Finding] = field(default_factory=list)
    unexplained: str = ""
    trouble: str = ""  # what went wrong in the reader


def diagnose(student: Student) -> Diagnosis:
    trouble, reading = "", []
    try:
        reading = read_back(student)
    except Exception as error:  # the catalogue is asked all the same
        trouble = f"nothing read back of {student.task}: {type(error).__name__}: {error}"
    mistakes = explanations(student.task, student.record)
    if reading or mistakes or all(one.reply is None for one in student.record):
        return Diagnosis(mistakes, reading, trouble=trouble)  # where nothing came back there is nothing to explain
    smallest = smallest_failing_call(student.task, student.record)
    told = "no known mistake explains these results" + f"; smallest failing call: {smallest}" * bool(smallest)
    return Diagnosis(unexplained=told, trouble=trouble)


def read_back(student: Student) -> list[readback.Finding]:
    """What is wrong with the formula, if further calls and the recorded ones show it."""
    start, start_cpu = time.monotonic(), time.process_time()
    waiting = WAITING_SECONDS * min(max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), PATIENCE)

    def out_of_time() -> bool:
        return time.process_time() - start_cpu > READING_SECONDS or time.monotonic() - start > waiting

    def ask(**arguments: Any) -> Any:
        if out_of_time():
            raise _NoMoreQuestions
        return student.ask(PROBE_SECONDS, **arguments)

    record = [
        readback.Answer(one.arguments, one.reply.value if one.reply else None, one.error) for one in student.record
    ]
    try:
        return readback.read(student.task, ask, record, out_of_time) if record else []
    except (_NoMoreQuestions, Failure):  # it hung, died, or raised where it never had before
        return []


class _NoMoreQuestions(Exception):
    """The time for reading back is used up."""


def explanations(task: str, record: list[Observation]) -> list[Mistake]:
    """The catalogued mistakes that reproduce every observation."""
    observed = record[:MAX_CALLS]
    if not observed or any(observation.reply is None and not observation.error for observation in observed):
        return []
    return [mistake for mistake in _catalogue() if mistake.task == task and _explains(mistake, observed)]


def _catalogue() -> list[Mistake]:
    for module in MODULES:
        importlib.import_module(f"grading.mistakes.{module}")
    return CATALOGUE


def _explains(mistake: Mistake, observed: list[Observation]) -> bool:
    return all(_gives(mistake, observation) for observation in observed)


def _gives(mistake: Mistake, observation: Observation) -> bool:
    reply = observation.reply
    arguments = {name: readback.fresh(value) for name, value in observation.arguments.items()}
    try:
        made = perform(mistake.implementation, [], arguments, observation.cotangent)
    except Exception as error:  # a wrong formula may fail on a test point, as the student's did or not
        return reply is None and type(error).__name__ == observation.error
    if reply is None:
        return False
    allowed = 1e2 * ROUNDINGS * torch.finfo(precision(arguments)).eps
    return (
        alike(made["result"], reply.value, allowed)
        and all(made[key] == getattr(reply, key) for key in _FACTS)
        and alike(made.get("grads"), reply.grads, allowed)
    )


def smallest_failing_call(task: str, record: list[Observation]) -> str:
    """The recorded call with the fewest numbers in it whose result is wrong, with its numbers."""
    for observation in sorted(record, key=lambda one: _numbers(one.arguments)):
        expected = _expected(task, observation)
        if expected is None:
            continue
        reply = observation.reply
        if reply is None:
            came = observation.error
        elif isinstance(reply.value, Tensor) and reply.value.shape == expected.shape:
            fresh = {name: readback.fresh(value) for name, value in observation.arguments.items()}
            allowed = tolerance(expected, lambda nearby: exact(task, nearby), fresh)
            if bool(((reply.value.double() - expected).abs() <= allowed).all()):
                continue
            came = _values(reply.value)
        else:
            came = _values(reply.value)
        call = describe_call(task.split(".")[1], observation.arguments)
        tensors = {name: _tensor(value) for name, value in observation.arguments.items()}
        inputs = "; ".join(f"{name} = {_values(v)}" for name, v in tensors.items() if isinstance(v, Tensor))
        return f"{call}, with {inputs}: expected {_values(expected)}, got {came}"
    return ""


def _expected(task: str, observation: Observation) -> Tensor | None:
    """The right result of a recorded call, where there is exactly one."""
    if observation.reply is None and not observation.error:
        return None
    try:
        fresh = {name: readback.fresh(value) for name, value in observation.arguments.items()}
        expected, again = exact(task, fresh), exact(task, fresh)
    except Exception:  # such as a call that is to be refused
        return None
    same = isinstance(expected, Tensor) and torch.equal(expected, again)
    return expected.double() if same else None


def _numbers(arguments: dict[str, Any]) -> int:
    return sum(value.numel() for value in map(_tensor, arguments.values()) if isinstance(value, Tensor))


def _values(value: Any) -> str:
    if not isinstance(value, Tensor):
        return str(value)[:80]
    shown = ", ".join(f"{number:.4g}" for number in value.flatten()[:_SHOWN].tolist())
    return f"{tuple(value.shape)} [{shown}{', …' if value.numel() > _SHOWN else ''}]"


def _tensor(value: Any) -> Any:
    return value.tensor if isinstance(value, Leaf) else value
