"""Stand-ins for functions of the submission: each asks the other side, which answers in its place."""

import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..crossing.values import Remote
from . import loader
from .gradients import differentiable


class Lending:
    """What is lent to the function that is graded here."""

    def __init__(self, own: loader.Own, remote: Callable[[Remote], Callable]) -> None:
        self.own, self.remote = own, remote
        self.live: dict[str, Any] = {}  # the arguments of the call that is being answered

    def lend(self, lend: list[dict[str, Any]]) -> None:
        """Put a stand-in wherever a module of the submission names its own function; who has none needs none."""
        for number, one in enumerate(lend):
            try:
                own = self.own.find(one["module"], one["function"])
            except BaseException:
                continue
            self._replace(own, self._stand_in(number, one["parameters"], one["random"]))

    def _replace(self, own: Callable, stand_in: Callable) -> None:
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] == self.own.package:
                _replaced(vars(module), own, stand_in)

    def _stand_in(self, number: int, parameters: list[str], draws: bool) -> Callable:
        ask = self.remote(Remote(number))

        def lent(*positional: Any, **named: Any) -> Any:
            surplus = [f"argument {i}" for i in range(len(parameters), len(positional))]
            given = dict(zip([*parameters, *surplus], positional)) | named
            source: torch.Generator | None = None  # of random numbers: their state goes there and comes back
            noise_fn = given.get("noise_fn", torch.randn_like) if "noise_fn" in parameters else None
            if draws or noise_fn is torch.randn_like:
                source = given.pop("generator", None) or torch.default_generator
                given["random state"] = source.get_state()

            def call(what: str, *request: Any) -> Any:
                *answer, state = ask(what, *request)
                if source is not None and state is not None:
                    source.set_state(state)
                return answer

            def function(given: dict[str, Any]) -> Tensor:
                return differentiable(call)(list(given), *map(self._sent, given.values()))

            return _taken_on(function, given) if "x0_hat" in given else function(given)

        return lent

    def _sent(self, value: Any) -> Any:
        """A function that the graded one was given itself is handed on by its name."""
        if value is torch.randn_like:
            return {"handed on": "randn_like"}
        names = [name for name, own in self.live.items() if own is value and callable(value)]
        return {"handed on": names[0]} if names else value


def _replaced(value: Any, own: Callable, stand_in: Callable, depth: int = 0) -> Any:
    """A name, or an entry in a table of functions such as ``{"cutout": [rand_cutout]}``."""
    if value is own:
        return stand_in
    if depth > 3:
        return value
    if type(value) is dict:
        value.update({key: _replaced(one, own, stand_in, depth + 1) for key, one in list(value.items())})
    elif type(value) is list:
        value[:] = [_replaced(one, own, stand_in, depth + 1) for one in value]
    elif type(value) is tuple:
        return tuple(_replaced(one, own, stand_in, depth + 1) for one in value)
    return value


def _taken_on(step_from: Callable, given: dict[str, Any]) -> Tensor:
    """A step along a gradient at ``x_t``, from one along the gradient at the estimate: the graph between them is here."""
    x_prev, x_t, x0_hat = given.get("x_prev"), given["x_t"], given["x0_hat"]
    if x_prev is not None:
        given = given | {"x_prev": torch.zeros_like(x_prev)}  # added here, so that no digit of the step is lost
    step = step_from(given).detach()
    with torch.enable_grad():
        (step,) = torch.autograd.grad(x0_hat, x_t, step, retain_graph=True)
    return step if x_prev is None else x_prev.detach() + step
