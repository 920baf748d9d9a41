"""Which entries of the catalogue give every reply that came back, and at least one that only they give."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..checking.compare import ROUNDINGS, alike, fixes_dtype, precision
from ..contract.functions import function
from ..contract.reference import reference_function
from ..sandbox import limits
from ..sandbox.crossing.calls import perform
from ..sandbox.crossing.values import Probe
from ..sandbox.replies import Observation
from .clock import OutOfTime
from .mistakes import Mistake, catalogue
from .readback.evidence import fresh, size

_FACTS = ("changed", "attached", "grad_left", "unfrozen", "moved_random_state", "kept_graph")
REPLAYS, SPREADS = 5, 10  # of a mistake that draws at random; how far from them a reply of the same kind may lie


def explanations(task: str, record: list[Observation], out_of_time: OutOfTime = lambda: False) -> list[Mistake]:
    """The catalogued mistakes that no observation refutes, all of them where there are several."""
    observed = record[: limits.DIAGNOSED_CALLS]
    if not observed or any(one.reply is None and not one.error for one in observed):
        return []
    observed = sorted(observed, key=lambda one: size(one.arguments))  # the cheapest disagreement comes first

    def explains(mistake: Mistake) -> bool:
        return all(not out_of_time() and _gives(mistake.implementation, one, task) is not _NOT for one in observed)

    found = [mistake for mistake in catalogue() if mistake.task == task and explains(mistake)]
    return [] if out_of_time() else found  # one of several that fit is not to be named alone


def proven(
    mistakes: list[Mistake], task: str, record: list[Observation], out_of_time: OutOfTime = lambda: False
) -> list[Mistake]:
    """Those that give exactly at least one reply which the reference does not give.

    Of a mistake that draws random numbers of its own it is only known where its replies lie. Where all replies are
    right (a network is called too often, say), a mistake has to give all of them exactly, and nothing may be drawn.
    """
    observed = sorted(record[: limits.DIAGNOSED_CALLS], key=lambda one: size(one.arguments))
    # That the global random state was moved is true of all that draws, and proves none of them.
    facts = [fact for fact in _FACTS if fact != "moved_random_state"]
    right = cache(lambda number: _gives(reference_function(task), observed[number], task, facts) is _EXACTLY)

    def exactly(mistake: Mistake, one: Observation) -> bool:
        """Not by chance: where random numbers are drawn, each time."""
        times = REPLAYS if one.reply is not None and one.reply.moved_random_state else 1
        return all(not out_of_time() and _gives(mistake.implementation, one, task) is _EXACTLY for _ in range(times))

    def is_proven(mistake: Mistake) -> bool:
        if any(exactly(mistake, one) and not right(number) for number, one in enumerate(observed)):
            return True
        drawn = any(one.reply is not None and one.reply.moved_random_state for one in observed)
        return not drawn and all(map(right, range(len(observed)))) and all(exactly(mistake, one) for one in observed)

    found = [mistake for mistake in mistakes if is_proven(mistake)]
    return [] if out_of_time() else found


_NOT, _ROUGHLY, _EXACTLY = "not", "roughly", "exactly"


def _gives(implementation: Callable, observation: Observation, task: str, facts: Sequence[str] = _FACTS) -> str:
    """Whether an implementation gives this reply: exactly, roughly (it draws random numbers), or not."""
    reply = observation.reply
    allowed = 1e2 * ROUNDINGS * torch.finfo(precision(observation.arguments)).eps
    replays: list[Tensor] = []
    while True:
        try:
            made = perform(implementation, [], _arguments(observation, task), observation.cotangent)
        except Exception as error:  # a wrong formula may fail on a test point, as the student's did or not
            return _EXACTLY if reply is None and type(error).__name__ == observation.error else _NOT
        if reply is None or not all(made[key] == getattr(reply, key) for key in facts):
            return _NOT
        result = made["result"]
        same = not replays and _same(result, reply.value, allowed, not fixes_dtype(observation.arguments))
        if same and alike(made.get("grads"), reply.grads, allowed):
            return _EXACTLY
        if not (made["moved_random_state"] and isinstance(result, Tensor) and isinstance(reply.value, Tensor)):
            return _NOT
        if result.shape != reply.value.shape or (replays and torch.equal(result, replays[0])):
            return _NOT
        replays.append(result)
        if len(replays) == REPLAYS:
            return _ROUGHLY if _among(torch.stack(replays), reply.value, allowed) else _NOT


def _arguments(observation: Observation, task: str) -> dict[str, Any]:
    """The arguments as they were; what the grader answered over the wire came back without a graph."""
    arguments = {name: fresh(value) for name, value in observation.arguments.items()}
    if function(task).differentiated or (observation.reply is not None and observation.reply.attached):
        return arguments
    return {name: _over_the_wire(v) if isinstance(v, Probe) else v for name, v in arguments.items()}


def _over_the_wire(function: Callable) -> Callable:
    def answer(*arguments: Any) -> Any:
        with torch.no_grad():
            return function(*arguments)

    return answer


def _same(made: Any, came: Any, allowed: float, dtype_is_free: bool) -> bool:
    """Alike, with nan and inf in the same places, images in the same dtype where an argument fixes one."""
    if isinstance(made, Tensor) and isinstance(came, Tensor) and made.shape == came.shape:
        if made.ndim and made.dtype != came.dtype and not dtype_is_free:
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
