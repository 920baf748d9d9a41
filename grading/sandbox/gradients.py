"""A function that stays on the grader's side although gradients have to flow through it."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from . import limits


class Differentiable:
    """``function`` as an argument of a graded call: forward and vector-Jacobian product are two calls over the wire.

    The worker sees tensors only, so a trained network and its weights never reach the student's process.
    """

    def __init__(self, function: Callable, kept: int | None = None) -> None:
        """``kept`` is how many calls gradients can still be asked for through, by default ``limits.KEPT_GRAPHS``."""
        self.function, self.kept = function, kept or limits.KEPT_GRAPHS
        self.graphs: dict[int, tuple[list[Any], list[Tensor]]] = {}
        self.tickets = 0

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)

    def answer(self, what: str, *request: Any) -> Any:
        """What the worker asks for: "forward" with the arguments, or "backward" with a ticket and cotangents."""
        if what == "forward":
            return self._forward(*request)
        if what == "backward":
            return self._backward(*request)
        raise ValueError(f"expected forward or backward, got {what!r}")

    def _forward(self, arguments: list[Any], given_up: Sequence[int] = ()) -> tuple[int, Any, list[bool]]:
        """A ticket to ask for gradients with, the outputs, and which of them hang on a graph.

        Through the calls of the tickets that are ``given_up`` no gradient will be asked for.
        """
        for ticket in given_up:
            self.graphs.pop(ticket, None)
        leaves = [
            value.detach().requires_grad_() if isinstance(value, Tensor) and value.is_floating_point() else value
            for value in arguments
        ]
        with torch.enable_grad():
            outputs = self.function(*leaves)
        several = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        self.tickets += 1
        self.graphs[self.tickets] = (leaves, several)
        self.graphs.pop(self.tickets - self.kept, None)
        plain = [one.detach() for one in several]
        return self.tickets, plain[0] if isinstance(outputs, Tensor) else plain, [one.requires_grad for one in several]

    def _backward(self, ticket: int, cotangents: list[Tensor | None]) -> list[Tensor | None]:
        if ticket not in self.graphs:
            raise ValueError(f"a gradient was asked for through a call that is more than {self.kept} calls ago")
        leaves, outputs = self.graphs[ticket]
        asked = [(output, one) for output, one in zip(outputs, cotangents) if one is not None and output.requires_grad]
        inputs = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.requires_grad]
        if not asked or not inputs:
            return [None] * len(leaves)
        found = torch.autograd.grad(
            [output for output, _ in asked],
            inputs,
            [one.to(output.dtype) for output, one in asked],
            retain_graph=True,
            allow_unused=True,
        )
        gradients = iter(found)
        return [next(gradients) if isinstance(leaf, Tensor) and leaf.requires_grad else None for leaf in leaves]
