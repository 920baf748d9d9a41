"""A known implementation's answers to the recorded calls, held against the replies that came back.

What the contract leaves free is no difference: how results are rounded, which they are to the derived tolerance of the
implementation itself; a Python float for a 0-dim tensor; no gradient for one of zeros, or nan where a formula has none;
which of two exceptions refuses the same nonsense.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ..checking.compare import ROUNDINGS, alike, fixed_dtype, precision, tolerance
from ..contract.functions import function
from ..sandbox.crossing.calls import perform
from ..sandbox.crossing.values import Probe, all_fresh, materialise
from ..sandbox.replies import Observation
from .readback.evidence import as_tensor, doubled, size

FACTS = ("changed", "attached", "grad_left", "unfrozen", "moved_random_state", "kept_graph")
REPLAYS, SPREADS = 5, 10  # of a mistake that draws at random; how far from them a reply of the same kind may lie
NOT, ROUGHLY, EXACTLY = "not", "roughly", "exactly"
_ROUGH = 0.1  # relative; results that are farther from each other are not the same up to rounding
_REFUSALS = ({"RuntimeError", "ValueError", "IndexError", "AssertionError"}, {"TypeError", "AttributeError"})


class Replays:
    """The recorded calls of one function, the cheapest first, and what implementations give for them."""

    def __init__(self, task: str, observed: Sequence[Observation]) -> None:
        self.task = task
        self.observed = sorted(observed, key=lambda one: size(one.arguments))
        self._made: dict[tuple[Callable, int], dict[str, Any] | Exception] = {}

    @cached_property
    def drawn(self) -> bool:
        """Whether random numbers came from the global state in any call."""
        return any(one.reply is not None and one.reply.moved_random_state for one in self.observed)

    def gives(self, implementation: Callable, number: int, facts: Sequence[str] = FACTS, single: bool = False) -> str:
        """Whether it gives this reply: exactly, roughly (it draws random numbers), or not.

        With ``single`` the arithmetic may have been float32's, whatever the arguments are.
        """
        observation = self.observed[number]
        reply, made = observation.reply, self._perform(implementation, number)
        if reply is None or isinstance(made, Exception):
            return _same_refusal(made, observation.error) if reply is None else NOT
        if not all(made[key] == getattr(reply, key) for key in facts):
            return NOT
        if self.distance(implementation, number, single) <= 1 and (
            single or self._same_dtype(made["result"], observation)
        ):
            return EXACTLY if _same_gradients(made.get("grads"), reply.grads, _share(observation, single)) else NOT
        return ROUGHLY if made["moved_random_state"] and self._among_draws(implementation, number) else NOT

    def raises_the_same(self, implementation: Callable) -> bool:
        """Whether no call comes to a reply, with the implementation's very words, but for numbers."""
        for number, one in enumerate(self.observed):
            made = self._perform(implementation, number)
            if (
                one.reply is not None
                or not isinstance(made, Exception)
                or _words(str(made))[:80] not in _words(one.raised)
            ):
                return False
        return True

    def distance(self, implementation: Callable, number: int, single: bool = False) -> float:
        """How far its result is from the reply, as a part of what rounding explains."""
        observation = self.observed[number]
        reply, performed = observation.reply, self._perform(implementation, number)
        if reply is None or isinstance(performed, Exception):
            return math.inf
        result = performed["result"]
        made, came = as_tensor(result), as_tensor(reply.value)
        share = _share(observation, single)
        if made is None or came is None or not isinstance(result, Tensor | float):
            return 0.0 if alike(result, reply.value, share) else math.inf
        if made.shape != came.shape or not _same_holes(made, came):
            return math.inf
        made, came = _filled(made), _filled(came)
        apart = float((made - came).abs().max()) if made.numel() else 0.0
        scale = float(made.abs().max()) if made.numel() else 0.0
        allowed = share * max(scale, 1e-2)
        drawn = performed["moved_random_state"]  # a nearby call would draw other numbers
        if not drawn and (allowed < apart <= _ROUGH * scale or single):
            allowed = self._tolerance(implementation, number, single) or allowed
        return apart / allowed

    def _tolerance(self, implementation: Callable, number: int, single: bool) -> float:
        """What roundings of the inputs make of its result; 0 where that cannot be told."""
        arguments = self.observed[number].arguments

        def evaluate(nearby: dict[str, Any]) -> Tensor:
            live, _ = materialise({name: doubled(value) for name, value in nearby.items()})
            result = as_tensor(implementation(**live))
            assert result is not None
            return result.detach().double().nan_to_num()

        try:
            return tolerance(evaluate(all_fresh(arguments)), evaluate, arguments, torch.float32 if single else None)
        except Exception:  # a wrong formula may fail in float64, or beside its inputs
            return 0.0

    def _perform(self, implementation: Callable, number: int, again: bool = False) -> dict[str, Any] | Exception:
        key = implementation, number
        if again or key not in self._made:
            observation = self.observed[number]
            try:
                made: Any = perform(implementation, [], _arguments(observation, self.task), observation.cotangent)
            except Exception as error:  # a wrong formula may fail on a test point, as the student's did or not
                made = error
            if again:
                return made
            self._made[key] = made
        return self._made[key]

    def _among_draws(self, implementation: Callable, number: int) -> bool:
        """Whether the reply lies among those of several replays that draw anew."""
        observation = self.observed[number]
        came = observation.reply.value if observation.reply is not None else None
        replays: list[Tensor] = []
        for _ in range(REPLAYS):
            made = self._perform(implementation, number, again=True)
            result = None if isinstance(made, Exception) else made["result"]
            if not isinstance(result, Tensor) or not isinstance(came, Tensor) or result.shape != came.shape:
                return False
            replays.append(result)
        if torch.equal(replays[0], replays[1]) or not isinstance(came, Tensor):
            return False
        return _among(torch.stack(replays), came, _share(observation, False))

    def again(self, implementation: Callable, number: int) -> None:
        """Draw anew: what came of the call before is forgotten."""
        self._made.pop((implementation, number), None)

    def _same_dtype(self, made: Any, observation: Observation) -> bool:
        """Of images, where an argument fixes one; numbers have none."""
        came = observation.reply.value if observation.reply is not None else None
        if not isinstance(made, Tensor) or not isinstance(came, Tensor) or not made.ndim:
            return True
        return made.dtype == came.dtype or fixed_dtype(self.task, observation.arguments) is None


def _words(said: str) -> str:
    """The letters of an exception's text, as many as are passed on of any."""
    return "".join(filter(str.isalpha, said))


def _share(observation: Observation, single: bool) -> float:
    """The part of a result's size that rounding may make up where nothing is known of the formula."""
    return 1e2 * ROUNDINGS * torch.finfo(torch.float32 if single else precision(observation.arguments)).eps


def _arguments(observation: Observation, task: str) -> dict[str, Any]:
    """The arguments as they were; what the grader answered over the wire came back without a graph."""
    arguments = all_fresh(observation.arguments)
    if function(task).differentiated or (observation.reply is not None and observation.reply.attached):
        return arguments
    return {name: _over_the_wire(v) if isinstance(v, Probe) else v for name, v in arguments.items()}


def _over_the_wire(function: Callable) -> Callable:
    def answer(*arguments: Any) -> Any:
        with torch.no_grad():
            return function(*arguments)

    return answer


def _same_refusal(made: Any, error: str) -> str:
    """An exception of the same type; one of another type that refuses the same proves nothing."""
    name = type(made).__name__
    if not isinstance(made, Exception) or not error:
        return NOT
    return EXACTLY if name == error else ROUGHLY if any({name, error} <= kinds for kinds in _REFUSALS) else NOT


def _same_holes(made: Tensor, came: Tensor) -> bool:
    """nan and inf in the same places."""
    return torch.equal(made.isnan(), came.isnan()) and torch.equal(made.isinf(), came.isinf())


def _filled(values: Tensor) -> Tensor:
    return values.double().nan_to_num(posinf=1.0, neginf=-1.0)


def _same_gradients(made: Any, came: Any, share: float) -> bool:
    if made is None or came is None:
        return made is came
    return made.keys() == came.keys() and all(_same_gradient(made[name], came[name], share) for name in made)


def _same_gradient(made: Tensor | None, came: Tensor | None, share: float) -> bool:
    """None is a gradient of zeros, and nan stands where there is none."""
    if made is None or came is None:
        other = came if made is None else made
        return other is None or not bool(other.nan_to_num().any())
    if made.shape != came.shape:
        return False
    known = ~(made.isnan() | came.isnan())
    return alike(made.where(known, 0), came.where(known, 0), share)


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
