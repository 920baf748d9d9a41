"""A call as data: what of its arguments crosses the boundary, and what stays here and is answered over the wire."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from ..contract.functions import Function
from .crossing.values import Opaque, Probe, Remote
from .describe import describe_call
from .gradients import Differentiable
from .lending import Loan


@dataclass(frozen=True)
class Request:
    message: dict[str, Any]
    callbacks: list[Callable]  # by the number that a worker knows them by
    called: str  # the call as text

    def asking_at_most(self, times: int) -> "Request":
        """The same call, whose functions on this side refuse to be called more often than that, all together."""
        numbers = itertools.count(1)

        def refusing(callback: Callable) -> Callable:
            def answer(*arguments: Any, **keywords: Any) -> Any:
                if next(numbers) > times:
                    raise RuntimeError(f"more than {times} calls of the functions among the arguments")
                return callback(*arguments, **keywords)

            return answer

        return replace(self, callbacks=[refusing(callback) for callback in self.callbacks])


def request(
    function: Function,
    arguments: dict[str, Any],
    by_name: bool,
    cotangent: Tensor | None,
    local_probes: bool,
    loans: Sequence[Loan] = (),
) -> Request:
    """Arguments are given by name and handed on by position, in the contract's order, unless ``by_name`` is set.

    What is lent can be called under the first numbers, the functions among the arguments under those that follow.
    """
    arguments = {name: arguments[name] for name in function.parameters if name in arguments}
    callbacks: list[Callable] = [loan.within(arguments) for loan in loans]
    sent = {name: _portable(name, value, callbacks, local_probes) for name, value in arguments.items()}
    positional = [] if by_name else leading(function.parameters, sent)
    message = {"positional": positional, "arguments": sent, "cotangent": cotangent}
    return Request(message, callbacks, describe_call(function.name, arguments))


def _portable(name: str, value: Any, callbacks: list[Callable], local_probes: bool) -> Any:
    if isinstance(value, Differentiable):
        callbacks.append(_of_tensors(name, value.answer))
        return Remote(len(callbacks) - 1, differentiable=True)
    if callable(value) and not (isinstance(value, Probe) and local_probes):
        callbacks.append(_of_tensors(name, value))
        return Remote(len(callbacks) - 1)
    return value


def _of_tensors(name: str, function: Callable) -> Callable:
    """It, where something that is no data, such as a module or a function, is refused in a student's words."""

    def answer(*arguments: Any, **keywords: Any) -> Any:
        for value in (*arguments, *keywords.values()):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Opaque):
                    kind = one.type_name.removeprefix("builtins.")
                    raise TypeError(f"{name} takes a tensor and was handed something of type {kind}")
        return function(*arguments, **keywords)

    return answer


def leading(names: tuple[str, ...], arguments: dict[str, Any]) -> list[str]:
    """The arguments that can go by position: the contract's first ones up to the first that is left out."""
    leading = []
    for name in names:
        if name not in arguments:
            break
        leading.append(name)
    return leading
