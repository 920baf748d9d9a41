"""A notebook goes on as if nothing had been checked: its random states, its settings of torch, what is printed."""

from __future__ import annotations

import contextlib
import io
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy
import torch

from .lent.sandbox.limits import PRINTED


@contextlib.contextmanager
def undisturbed() -> Iterator[io.StringIO]:
    """What is printed meanwhile, as far as it is kept; a ``breakpoint()`` is passed by."""
    numbers, more_numbers = random.getstate(), numpy.random.get_state()
    dtype, gradients, hook = torch.get_default_dtype(), torch.is_grad_enabled(), sys.breakpointhook
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    printed = _Bounded()
    # From elsewhere each time: what begins where it began before looks like a seed of the student's own.
    random.seed()
    numpy.random.seed()
    torch.set_default_dtype(torch.float32)
    sys.breakpointhook = _passed_by
    try:
        with torch.random.fork_rng(devices), _on_the_cpu(), contextlib.redirect_stdout(printed):
            yield printed
    finally:
        random.setstate(numbers)
        numpy.random.set_state(more_numbers)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        sys.breakpointhook = hook


def _on_the_cpu() -> contextlib.AbstractContextManager:
    """Where a notebook has set another device for all new tensors, the checks' own are on the CPU nevertheless."""
    return contextlib.nullcontext() if torch.empty(0).device.type == "cpu" else torch.device("cpu")


def _passed_by(*arguments: Any, **keywords: Any) -> None:
    pass


class _Bounded(io.StringIO):
    """The beginning of what is printed."""

    def write(self, text: str) -> int:
        super().write(text[: max(PRINTED - self.tell(), 0)])
        return len(text)
