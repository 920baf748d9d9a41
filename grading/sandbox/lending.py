"""Right functions lent to a submission: they stand in the place of its own and answer from this side.

What is lent computes with the reference here; the worker has a stand-in that sends its arguments over the wire. So a
function can be asked what it does with right ones around it, and the reference never lies beside student code.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..contract.functions import function
from ..contract.reference import reference_function
from . import limits
from .gradients import Differentiable


class CannotLend(ValueError):
    """This call cannot be answered from here."""


class Loan:
    """A right function, for the lifetime of the student that it is lent to."""

    def __init__(self, task: str) -> None:
        self.function = function(task)
        self.called = False
        self.failed = False  # a call could not be answered: what came of it says nothing about the student
        self._right = reference_function(task)
        self._kept = Differentiable(self._compute)
        self._state: Tensor | None = None  # of the random numbers, after a call

    @property
    def message(self) -> dict[str, Any]:
        """What the worker has to know of it."""
        return {
            "module": self.function.module,
            "function": self.function.name,
            "parameters": list(self.function.parameters),
            "random": self.function.random,
        }

    def within(self, arguments: dict[str, Any]) -> Callable:
        """It, while the function that it is lent to is called with these ``arguments``."""

        def answer(what: str, *request: Any) -> Any:
            self.called = True
            try:
                if what == "forward":
                    names, *values = request[0]
                    request = ([names, *(_received(value, arguments) for value in values)],)
                return *self._kept.answer(what, *request), self._state
            except Exception:
                self.failed = True
                raise

        return answer

    def _compute(self, names: list[str], *values: Any) -> Any:
        given = dict(zip(names, values, strict=True))
        state = given.pop("random state", None)
        if "x0_hat" in given:
            given["x0_hat"] = _attached(given["x0_hat"], given.pop("jacobian", None), given["x_t"])
        unlimited = "timesteps" not in given  # the graph of a whole chain is asked for by nobody, and would be large
        with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(unlimited):
            if state is not None:
                torch.set_rng_state(state)
            result = self._right(**given)
            self._state = None if state is None else torch.get_rng_state()
        return result


def _received(value: Any, arguments: dict[str, Any]) -> Any:
    """An argument as the worker sent it. No call may cost more than those of the checks."""
    if type(value) is dict and value.keys() == {"handed on"}:  # a function among the arguments of the call itself
        own = torch.randn_like if value["handed on"] == "randn_like" else arguments.get(value["handed on"])
        if callable(own):
            return own
    if isinstance(value, Tensor) and value.numel() <= limits.LENT_ELEMENTS:
        return value.item() if value.ndim == 0 and not value.is_floating_point() else value
    if type(value) is list and len(value) <= limits.LENT_STEPS and all(type(one) is int for one in value):
        return value
    if value is None or type(value) in (bool, float) or (type(value) is int and abs(value) <= limits.LENT_NUMBER):
        return value
    raise CannotLend("an argument that does not go where right functions are")


def _attached(x0_hat: Tensor, jacobian: Tensor | None, x_t: Tensor) -> Tensor:
    """The estimate on the graph of ``x_t`` here, as it was there: what a gradient through it needs is its Jacobian."""
    if jacobian is None:
        return x0_hat
    moved = jacobian.detach() @ (x_t - x_t.detach()).reshape(-1)
    return x0_hat.detach() + moved.reshape(x0_hat.shape)
