"""Gradients through a function of the other side: its outputs and its vector-Jacobian products come over the wire."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class _Ticket:
    """Of one call; when its graph is given up here, the other side is told so with the next call."""

    def __init__(self, number: int, given_up: list[int]) -> None:
        self.number, self.given_up = number, given_up

    def __del__(self) -> None:
        self.given_up.append(self.number)


def differentiable(call: Callable) -> Callable:
    """The function behind ``call``, which is asked "forward" and later, for the same ``ticket``, "backward".

    ``call("forward", arguments, given_up)`` answers (ticket, outputs, which of them hang on a graph),
    ``call("backward", ticket, cotangents)`` one gradient or None for each argument.
    """

    last: list[Any] = []  # the ticket of the latest call, and what of its outputs hangs on a graph
    given_up: list[int] = []  # tickets of which no gradient can be asked any more

    class Remote(torch.autograd.Function):
        # In two parts, as torch.func's transforms need it.
        @staticmethod
        def forward(*arguments: Any) -> Any:
            plain = [value.detach() if isinstance(value, Tensor) else value for value in arguments]
            told, given_up[:] = [*given_up], []
            ticket, outputs, attached = call("forward", plain, told)
            last[:] = [_Ticket(ticket, given_up), attached]
            return outputs if isinstance(outputs, Tensor) else tuple(outputs)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.ticket, attached = last
            several = output if isinstance(output, tuple) else (output,)
            ctx.mark_non_differentiable(*(one for one, hangs in zip(several, attached) if not hangs))

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            return tuple(call("backward", ctx.ticket.number, list(cotangents)))

    def function(*arguments: Any) -> Any:
        outputs = Remote.apply(*arguments)
        return list(outputs) if isinstance(outputs, tuple) else outputs

    return function
