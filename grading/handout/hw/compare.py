"""Two results that may differ by so much, and where they differ most."""

from __future__ import annotations

from typing import Any

import numpy
import torch
from torch import Tensor

from .lent.sandbox.describe import describe

EXACT = 1e-9  # of values about 1 in float64: rounding, far below what a mistake changes


class Failure(AssertionError):
    """What a check has found."""

    def __init__(
        self,
        summary: str,
        expected: str = "",
        got: str = "",
        called: str = "",
        where: str = "",
        says: str = "",
        endless: bool = False,
    ) -> None:
        super().__init__(summary)
        self.summary, self.expected, self.got = summary, expected, got
        self.called, self.where, self.says = called, where, says
        self.endless = endless  # no further call makes sense

    def named(self) -> dict[str, str]:
        """What there is to show, under its name."""
        shown = {"called": self.called, "expected": self.expected, "got": self.got, "where": self.where}
        return {name: text for name, text in shown.items() if text}

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"{name:<9} {text}" for name, text in self.named().items())])


def expect_tensor(reply: Any, shape: tuple, what: str = "the result") -> Tensor:
    """A float tensor of this shape, finite or not."""
    value = reply.value
    if value is None:
        raise reply.fail(f"{what} is None: is the return missing?", f"a float tensor of shape {tuple(shape)}", "None")
    if isinstance(value, float) and tuple(shape) == ():
        return torch.tensor(value, dtype=torch.float64)
    if not (isinstance(value, Tensor) and value.is_floating_point() and tuple(value.shape) == tuple(shape)):
        raise reply.fail(f"{what} has the wrong kind", f"a float tensor of shape {tuple(shape)}", describe(value))
    return value


def expect_close(reply: Any, expected: Tensor, allowed: float, what: str = "the result", value: Any = None) -> None:
    """``value``, or the reply's, is the expected tensor to within ``allowed`` in each element."""
    held = reply if value is None else type(reply)(value=value, called=reply.called)
    got = expect_tensor(held, tuple(expected.shape), what).double()
    expected = expected.double()
    difference = (got - expected).abs()
    if bool((difference <= allowed).all()):
        return
    wrong, count = int((~(difference <= allowed)).sum()), got.numel()
    where = "" if count == 1 else f" in {'all' if wrong == count else f'{wrong} of'} {count} values"
    worst = int(difference.nan_to_num(float("inf")).argmax())
    place = [int(i) for i in numpy.unravel_index(worst, tuple(expected.shape))] if expected.ndim else []
    at = f" at {place}" if place else ""
    size = float(difference.flatten()[worst])
    raise reply.fail(
        f"{what} is wrong{where}, by {'up to ' if count > 1 else ''}{size:.3g}; allowed is {allowed:.2g}",
        *(f"{float(x.flatten()[worst]):.8g}{at}" for x in (expected, got)),
    )


def expect_same(reply: Any, expected: Any) -> None:
    """Plain values, such as a list of whole numbers."""
    if type(reply.value) is not type(expected) or reply.value != expected:
        raise reply.fail("the result is wrong", describe(expected), describe(reply.value))


def expect_pair(reply: Any, *shapes: tuple) -> list[Tensor]:
    """Two tensors of these shapes."""
    pair = reply.value
    if not (isinstance(pair, (tuple, list)) and len(pair) == 2 and all(isinstance(x, Tensor) for x in pair)):
        raise reply.fail("the result is no pair of tensors", f"two, of shapes {shapes}", describe(pair))
    for one, shape in zip(pair, shapes):
        expect_tensor(type(reply)(value=one, called=reply.called), shape, "one of the two")
    return [one.double() for one in pair]
