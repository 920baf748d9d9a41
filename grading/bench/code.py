"""Whose functions are measured, behind one way of calling them: ``code("ddim.ddim_step", x_t=…, …)``."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ..contract.reference import reference_function
from ..pictures.functions import Functions

__all__ = ["Direct", "Isolated", "at"]


class Direct:
    """The reference's functions, called as any program calls them; their tensors are on the device."""

    isolated = False

    def __init__(self, device: str) -> None:
        self.device = device

    def __call__(self, task: str, **arguments: Any) -> Any:
        return reference_function(task)(**arguments)

    several = __call__

    def close(self) -> None:
        pass


class Isolated(Functions):
    """A submission's functions in their workers, as in grading; their tensors are on the CPU, whatever the device."""

    isolated = True
    device = "cpu"


def at(device: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``function`` run on a device, for callers whose tensors may be elsewhere; non-tensors pass as they are."""

    def moved(x: Tensor, *others: Any) -> Tensor:
        there = [value.to(device) if isinstance(value, Tensor) else value for value in (x, *others)]
        return function(*there).to(x.device)

    return moved
