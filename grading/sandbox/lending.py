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
        self._kept = Differentiable(self._compute, limits.LENT_GRAPHS)
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
                    (names, *values), *rest = request
                    request = ([names, *(_received(value, arguments) for value in values)], *rest)
                return *self._kept.answer(what, *request), self._state
            except Exception:
                self.failed = True
                raise

        return answer

    def _compute(self, names: list[str], *values: Any) -> Any:
        given = dict(zip(names, values, strict=True))
        state = given.pop("random state", None)
        given, dtype = _as_the_contract_has_it(given)
        short = "timesteps" not in given  # the graph of a whole chain is large, and asked for by nobody
        with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(short):
            if state is not None:
                torch.set_rng_state(state)
            result = self._right(**given)
            self._state = None if state is None else torch.get_rng_state()
        return result.to(dtype)


def _as_the_contract_has_it(given: dict[str, Any]) -> tuple[dict[str, Any], torch.dtype | None]:
    """The arguments as the reference takes them, and the dtype of the result where that is not what it gives then.

    Within a submission functions may well take more of each other: a table in another precision, a number for noise
    that does not count, t = -1 for the clean image.
    """
    images = [name for name, value in given.items() if isinstance(value, Tensor) and value.is_floating_point()]
    dtypes = [given[name].dtype for name in images]
    for name in images:
        given[name] = given[name].to(max(dtypes, key=lambda dtype: dtype.itemsize))
    if images and isinstance(given.get("noise"), bool | float | int):
        given["noise"] = torch.full_like(given[images[0]], given["noise"])
    if type(given.get("t")) is int and given["t"] == -1 and "t_prev" not in given:
        given |= {"t": 0, "alphas_cumprod": torch.ones_like(given["alphas_cumprod"][:1])}
    if "x0_hat" in given:  # the worker takes the gradient on from the estimate to x_t
        given["x0_hat"] = given["x0_hat"].detach() + (given["x_t"] - given["x_t"].detach())
    return given, dtypes[0] if dtypes else None


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
