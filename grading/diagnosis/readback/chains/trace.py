"""What a sampler asked and drew on its way: every image and timestep that the network was shown, every draw of noise.

The network of a trace is a table: each question is answered with an image of its own, independent of every other, so
that the next image is one sum of known images, and the weight of each of them can be read. Where gradients flow through
the network, a known curve is added to the table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from ....checking.points import Draw
from ....sandbox.crossing.values import fresh
from ....sandbox.gradients import Differentiable
from ....verdicts import Failure
from ..evidence import Arguments, Ask, as_tensor

MOST_QUESTIONS = 120  # of one trace; a chain of ours has a dozen steps


@dataclass(frozen=True)
class Asked:
    """One question to the network."""

    shown: Tensor
    told: float  # the timestep, whatever kind of number it came as
    number: int  # of the answer in the table
    drawn: int  # draws of noise until then


@dataclass
class Table:
    """x_t, t -> an image of its own for each question; the same question has the same answer."""

    seed: int
    size: float  # of the answers
    curved: bool
    answers: list[Tensor] = field(default_factory=list)
    questions: list[tuple[Tensor, float]] = field(default_factory=list)

    def __call__(self, x: Tensor, t: object) -> Tensor:
        shown, told = x.detach().double().clone(), _number(t)
        for number, (image, timestep) in enumerate(self.questions):
            if timestep == told and image.shape == shown.shape and torch.equal(image, shown):
                return self.function(number)(x)
        if len(self.questions) == MOST_QUESTIONS:
            raise ValueError("the network is asked too often")
        self.questions.append((shown, told))
        self.answers.append(self.size * Draw([self.seed, len(self.answers)]).image(*shown.shape))
        return self.function(len(self.answers) - 1)(x)

    def function(self, number: int) -> Callable[[Tensor], Tensor]:
        """The network at one question, differentiable in the image."""
        answer = self.answers[number]
        if not self.curved:
            return lambda x: answer.to(x.dtype)
        return lambda x: answer.to(x.dtype) + 0.3 * torch.tanh(x.roll(1, dims=2) + 0.5 * x)


@dataclass(frozen=True)
class Trace:
    arguments: Arguments
    asked: tuple[Asked, ...]
    draws: tuple[Tensor, ...]
    result: Tensor
    table: Table
    used: dict = field(default_factory=dict)  # what has been found out of its steps so far

    @cached_property
    def states(self) -> list[Tensor]:
        """The images that the network was shown, and the result."""
        return [*(one.shown for one in self.asked), self.result]


def follow(ask: Ask, arguments: Arguments, image: Tensor, seed: int, size: float, curved: bool) -> Trace | None:
    """Ask once, with a network and a noise source that remember; None where no image of the same size came back."""
    table, asked, draws = Table(seed, size, curved), list[Asked](), list[Tensor]()

    def network(x: Tensor, t: object) -> Tensor:
        before = len(table.questions)
        answer = table(x, t)
        if len(table.questions) > before:
            asked.append(Asked(*table.questions[-1], before, len(draws)))
        return answer

    def noise_fn(x: Tensor) -> Tensor:
        if len(draws) == MOST_QUESTIONS:
            raise ValueError("noise is drawn too often")
        draws.append(size * Draw([seed, MOST_QUESTIONS + len(draws)]).image(*x.shape))
        return draws[-1].to(x.dtype)

    handed = {name: fresh(value) for name, value in arguments.items()}
    try:
        value = ask(**handed, eps_model=Differentiable(network) if curved else network, noise_fn=noise_fn)
    except Failure as failure:
        if not failure.error:
            raise
        return None
    result = as_tensor(value)
    images = [*(one.shown for one in asked), *([] if result is None else [result])]
    if result is None or not asked or any(one.shape != image.shape for one in images):
        return None
    if not all(bool(one.isfinite().all()) for one in images):
        return None
    return Trace(arguments, tuple(asked), tuple(draws), result.double(), table)


def _number(t: object) -> float:
    """One number for all samples; nan where there are several."""
    try:
        values = torch.as_tensor(t, dtype=torch.float64).flatten()
    except (TypeError, ValueError, RuntimeError):
        return float("nan")
    return float(values[0]) if values.numel() and bool((values == values[0]).all()) else float("nan")
