"""Gradients through a function of the other side: its outputs and its vector-Jacobian products come over the wire."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def differentiable(call: Callable) -> Callable:
    """The function behind ``call``, which is asked "forward" and later, for the same ``ticket``, "backward".

    ``call("forward", arguments)`` answers (ticket, outputs, which of them hang on a graph),
    ``call("backward", ticket, cotangents)`` one gradient or None for each argument.
    """

    last: list[Any] = []  # the ticket of the latest call, and what of its outputs hangs on a graph

    class Remote(torch.autograd.Function):
        # In two parts, as torch.func's transforms need it.
        @staticmethod
        def forward(*arguments: Any) -> Any:
            plain = [value.detach() if isinstance(value, Tensor) else value for value in arguments]
            ticket, outputs, attached = call("forward", plain)
            last[:] = [ticket, attached]
            return outputs if isinstance(outputs, Tensor) else tuple(outputs)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.ticket, attached = last
            several = output if isinstance(output, tuple) else (output,)
            ctx.mark_non_differentiable(*(one for one, hangs in zip(several, attached) if not hangs))

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            return tuple(call("backward", ctx.ticket, list(cotangents)))

    def function(*arguments: Any) -> Any:
        outputs = Remote.apply(*arguments)
        return list(outputs) if isinstance(outputs, tuple) else outputs

    return function
