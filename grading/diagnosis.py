"""Name the mistake: read the formula back, and see which entry of the catalogue gives every reply that came back.

A diagnosis is made only when it explains all calls, those that are right by chance included. A catalogued mistake has
to give their results, gradients, arguments changed in place, graphs and ``.grad`` left behind; a formula that was read
back has to give their results. Where neither does, the smallest failing call is shown instead. Points are never changed.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from . import readback
from .compare import ROUNDINGS, alike, exact, precision, tolerance
from .failures import Failure
from .mistakes import Mistake, catalogue
from .student import DIFFERENTIATED, Observation, Student, describe_call, patience
from .tasks import reference_function
from .worker.calls import perform
from .worker.values import Leaf, Probe

_FACTS = ("changed", "attached", "grad_left", "unfrozen", "moved_random_state", "kept_graph")
MAX_CALLS = 120  # replayed for each candidate; all checks of a function make about as many
MATCHING_SECONDS = 1.3  # of processor time on this side, for the catalogue; then no mistake is named
READING_SECONDS = 0.9  # the same for reading back; half of it where the catalogue has named the mistake already
WAITING_SECONDS = 1.6  # of wall clock, on a machine that is not shared; no call to the student's code begins later
PROBE_SECONDS = 0.25  # for one such call; a worker that hangs is ended after twice that
NETWORK_SECONDS = 1.0  # for one run of a network on a dozen inputs
REPLAYS, SPREADS = 5, 10  # of a mistake that draws at random; how far from them a reply of the same kind may lie
_SHOWN = 12  # values of a tensor


@dataclass
class Diagnosis:
    mistakes: list[Mistake] = field(default_factory=list)
    reading: list[readback.Finding] = field(default_factory=list)
    formula: readback.Reading | None = None  # what was read back, of which ``reading`` tells in words
    unexplained: str = ""
    trouble: str = ""  # what went wrong in the reader


def diagnose(student: Student) -> Diagnosis:
    """What is wrong with a failed function; what is the quicker of the two comes first."""
    clock = _Clock()
    random = student.task in readback.STATISTICS  # every mistake of the catalogue would have to be replayed often
    read = _try_reading(student, clock, READING_SECONDS) if random else Diagnosis()
    mistakes = explanations(student.task, student.record, clock.past_matching)
    mistakes = _proven(mistakes, student.task, student.record, clock.past_matching)
    if not random:
        formula = student.task in readback.SUMS  # is read term by term, which says more than the catalogue does
        seconds = READING_SECONDS / (2 if mistakes and not formula else 1)
        read = _try_reading(student, clock, seconds)
    came_back = any(one.reply is not None for one in student.record) or student.task in readback.NETWORKS
    if read.reading or mistakes or not came_back:  # where nothing came back there is nothing to explain
        return replace(read, mistakes=mistakes)
    smallest = smallest_failing_call(student.task, student.record)
    told = "no known mistake explains these results" + f"; smallest failing call: {smallest}" * bool(smallest)
    return replace(read, unexplained=told)


def _try_reading(student: Student, clock: "_Clock", seconds: float) -> Diagnosis:
    """What is read back, and what went wrong in the reader; the catalogue is asked all the same."""
    try:
        formula = read_back(student, clock, seconds)
        return Diagnosis(reading=formula.findings() if formula is not None else [], formula=formula)
    except Exception as error:
        return Diagnosis(trouble=f"nothing read back of {student.task}: {type(error).__name__}: {error}")


class _Clock:
    """What a diagnosis has used up, in processor time on this side and in wall clock."""

    def __init__(self) -> None:
        self.start, self.start_cpu = time.monotonic(), time.process_time()
        self.patience = patience()

    def used(self) -> float:
        return time.process_time() - self.start_cpu

    def late(self) -> bool:
        return time.monotonic() - self.start > WAITING_SECONDS * self.patience

    def past_matching(self) -> bool:
        return self.used() > MATCHING_SECONDS


def read_back(student: Student, clock: _Clock, seconds: float) -> readback.Reading | None:
    """What is wrong with the formula, if further calls and the recorded ones show it."""
    until = min(clock.used() + seconds, MATCHING_SECONDS + READING_SECONDS / 2)

    def out_of_time() -> bool:
        return clock.used() > until or clock.late()

    def ask(**arguments: Any) -> Any:
        if out_of_time():
            raise _NoMoreQuestions
        return student.ask(PROBE_SECONDS, **arguments)

    def run(settings: dict[str, Any], inputs: list[dict[str, Any]], train: dict[str, Any] | None = None) -> list[Any]:
        if out_of_time() or student.worker is None or student.worker.ended or not student.ready:
            raise _NoMoreQuestions
        student.deadline, student.seconds = math.inf, NETWORK_SECONDS  # the verdict stands; what is asked now is extra
        outputs, losses, _ = student.run_module(settings, inputs, train=train)
        return outputs if train is None else losses

    record = [
        readback.Answer(one.arguments, one.reply.value if one.reply else None, one.error) for one in student.record
    ]
    try:
        if student.task in readback.NETWORKS:
            said = readback.read_network(student.task, run)
            return readback.Description(said) if said else None
        return readback.reading(student.task, ask, record, out_of_time) if record else None
    except (_NoMoreQuestions, Failure):  # it hung, died, or raised where it never had before
        return None


class _NoMoreQuestions(Exception):
    """The time for reading back is used up."""


def explanations(
    task: str, record: list[Observation], out_of_time: Callable[[], bool] = lambda: False
) -> list[Mistake]:
    """The catalogued mistakes that no observation refutes, all of them where there are several."""
    observed = record[:MAX_CALLS]
    if not observed or any(one.reply is None and not one.error for one in observed):
        return []
    observed = sorted(observed, key=lambda one: _numbers(one.arguments))  # the cheapest disagreement comes first

    def explains(mistake: Mistake) -> bool:
        return all(not out_of_time() and _gives(mistake.implementation, one, task) is not _NOT for one in observed)

    found = [mistake for mistake in catalogue() if mistake.task == task and explains(mistake)]
    return [] if out_of_time() else found  # one of several that fit is not to be named alone


def _proven(
    mistakes: list[Mistake], task: str, record: list[Observation], out_of_time: Callable[[], bool] = lambda: False
) -> list[Mistake]:
    """Those that give exactly at least one reply which the reference does not give.

    Of a mistake that draws random numbers of its own it is only known where its replies lie. Where all replies are
    right (a network is called too often, say), a mistake has to give all of them exactly, and nothing may be drawn.
    """
    observed = sorted(record[:MAX_CALLS], key=lambda one: _numbers(one.arguments))
    # That the global random state was moved is true of all that draws, and proves none of them.
    facts = [fact for fact in _FACTS if fact != "moved_random_state"]
    right = cache(lambda number: _gives(reference_function(task), observed[number], task, facts) is _EXACTLY)

    def exactly(mistake: Mistake, one: Observation) -> bool:
        """Not by chance: where random numbers are drawn, each time."""
        times = REPLAYS if one.reply is not None and one.reply.moved_random_state else 1
        return all(not out_of_time() and _gives(mistake.implementation, one, task) is _EXACTLY for _ in range(times))

    def proven(mistake: Mistake) -> bool:
        if any(exactly(mistake, one) and not right(number) for number, one in enumerate(observed)):
            return True
        drawn = any(one.reply is not None and one.reply.moved_random_state for one in observed)
        return not drawn and all(map(right, range(len(observed)))) and all(exactly(mistake, one) for one in observed)

    found = [mistake for mistake in mistakes if proven(mistake)]
    return [] if out_of_time() else found


_NOT, _ROUGHLY, _EXACTLY = "not", "roughly", "exactly"


def _gives(implementation: Callable, observation: Observation, task: str, facts: Sequence[str] = _FACTS) -> str:
    """Whether an implementation gives this reply: exactly, roughly (it draws random numbers), or not."""
    reply = observation.reply
    allowed = 1e2 * ROUNDINGS * torch.finfo(precision(observation.arguments)).eps
    replays: list[Tensor] = []
    while True:
        try:
            made = perform(implementation, [], _fresh(observation, task), observation.cotangent)
        except Exception as error:  # a wrong formula may fail on a test point, as the student's did or not
            return _EXACTLY if reply is None and type(error).__name__ == observation.error else _NOT
        if reply is None or not all(made[key] == getattr(reply, key) for key in facts):
            return _NOT
        result = made["result"]
        if not replays and _same(result, reply.value, allowed) and alike(made.get("grads"), reply.grads, allowed):
            return _EXACTLY
        if not (made["moved_random_state"] and isinstance(result, Tensor) and isinstance(reply.value, Tensor)):
            return _NOT
        if result.shape != reply.value.shape or (replays and torch.equal(result, replays[0])):
            return _NOT
        replays.append(result)
        if len(replays) == REPLAYS:
            return _ROUGHLY if _among(torch.stack(replays), reply.value, allowed) else _NOT


def _fresh(observation: Observation, task: str) -> dict[str, Any]:
    """The arguments as they were; what the grader answered over the wire came back without a graph."""
    arguments = {name: readback.fresh(value) for name, value in observation.arguments.items()}
    if task.split(".")[0] in DIFFERENTIATED or (observation.reply is not None and observation.reply.attached):
        return arguments
    return {name: _over_the_wire(v) if isinstance(v, Probe) else v for name, v in arguments.items()}


def _over_the_wire(function: Callable) -> Callable:
    def answer(*arguments: Any) -> Any:
        with torch.no_grad():
            return function(*arguments)

    return answer


def _same(made: Any, came: Any, allowed: float) -> bool:
    """Alike, with nan and inf in the same places, images in the same dtype."""
    if isinstance(made, Tensor) and isinstance(came, Tensor) and made.shape == came.shape:
        if made.ndim and made.dtype != came.dtype:
            return False
        if not torch.equal(made.isnan(), came.isnan()) or not torch.equal(made.isinf(), came.isinf()):
            return False
        made, came = made.nan_to_num(posinf=1.0, neginf=-1.0), came.nan_to_num(posinf=1.0, neginf=-1.0)
    return alike(made, came, allowed)


def _among(replays: Tensor, came: Tensor, allowed: float) -> bool:
    """Whether a reply is one of these: element by element, or, where boxes come and go, by its mean and deviation."""
    results = torch.cat([replays, came[None]]).double().reshape(len(replays) + 1, -1)
    summaries = torch.stack([results.mean(1), results.std(1, correction=0)], 1)
    for values in (results, summaries):
        low, high = values[:-1].amin(0), values[:-1].amax(0)
        slack = SPREADS * (high - low) + allowed * values.abs().max().clamp(min=1e-2)
        if bool(((values[-1] >= low - slack) & (values[-1] <= high + slack)).all()):
            return True
    return False


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
