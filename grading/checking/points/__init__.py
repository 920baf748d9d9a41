"""Test points: for every graded function the inputs that tell right from wrong.

One file per module, one generator per graded function; each yields ``(label, arguments)``. The golden fixtures hold
these points for the fixtures' seed, and every grading draws them anew from its own. Points are chosen where variants
part ways: float64, B = 3, H ≠ W, one channel or five, no symmetry, another t for every sample, strided steps at low t,
the clean image, the last timestep. No level t_prev is above T - 2: a step comes from a t that is higher.
"""

import importlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

Case = tuple[str, dict[str, Any]]
CHAIN = 150  # timesteps of the chains that samplers walk: one that visits all of them is not to take seconds
FIRST = torch.tensor([0])  # the first timestep of a batch of one
STEPS = {  # (t, t_prev) of a chain of 1000
    "low t, strided": (30, 0),
    "low t, strided, next": (60, 30),
    "middle t": (510, 450),
    "high t, strided": (999, 960),
    "one training step": (2, 1),
    "to the clean image from t = 0": (0, -1),
    "to the clean image from far": (400, -1),
}


class Draw:
    """Random inputs from one seed."""

    def __init__(self, seed: int | list[int]) -> None:
        self.rng = np.random.default_rng(seed)

    def image(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.as_tensor(self.rng.standard_normal(shape)).to(dtype)

    def images(self, count: int, shape: tuple[int, ...] = (3, 2, 5, 7), dtype: torch.dtype = torch.float64):
        return [self.image(*shape, dtype=dtype) for _ in range(count)]

    def schedule(self, steps: int = 1000, dtype: torch.dtype = torch.float64) -> Tensor:
        """Cumulative alphas of a linear schedule with ends of its own, so that no table can be remembered."""
        start, end = self.rng.uniform(0.5e-4, 3e-4), self.rng.uniform(0.015, 0.025) * min(1000 / steps, 8)
        return torch.cumprod(1 - torch.linspace(start, end, steps, dtype=torch.float64), 0).to(dtype)

    def cosine_schedule(self, steps: int = 1000, dtype: torch.dtype = torch.float64) -> Tensor:
        """The same of a cosine schedule; whatever its length, it ends where one of a thousand steps does, at 2e-9."""
        offset = self.number(0.004, 0.02)
        u = torch.arange(1, steps + 1, dtype=torch.float64) / steps
        f = torch.cos((u + offset) / (1 + offset) * math.pi / 2) ** 2
        abar = f / math.cos(offset / (1 + offset) * math.pi / 2) ** 2
        abar[-1] = self.number(2e-9, 3e-9)
        return abar.to(dtype)

    def mask(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Zeros and ones, at least one of each."""
        mask = torch.from_numpy(self.rng.integers(0, 2, shape)).to(dtype)
        mask.view(-1)[0], mask.view(-1)[-1] = 1, 0
        return mask

    def number(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """Both ends included."""
        return int(self.rng.integers(low, high, endpoint=True))

    def step(self, steps: int = 1000) -> tuple[int, int]:
        t = self.integer(1, steps - 1)
        return t, self.integer(-1, t - 1)

    def timesteps(self, steps: int, count: int) -> list[int]:
        """A decreasing list with uneven strides, without 0."""
        return sorted((int(t) + 1 for t in self.rng.choice(steps - 1, count, replace=False)), reverse=True)

    def timestep_per_sample(self, batch: int, steps: int = 1000) -> Tensor:
        return torch.from_numpy(self.rng.choice(steps, batch, replace=False))

    def some_twice(self, batch: int, steps: int = 1000) -> Tensor:
        return ends_alike(self.timestep_per_sample(batch, steps))

    def with_both_ends(self, batch: int, steps: int = 1000) -> Tensor:
        """One timestep per sample, T - 1 and 0 among them."""
        t = 1 + self.timestep_per_sample(batch, steps - 2)
        t[batch // 2], t[-1] = steps - 1, 0
        return t


def ends_alike(t: Tensor) -> Tensor:
    """One time per sample, the first and the last the same: not all of a batch for that."""
    return torch.cat([t[:-1], t[:1]])


def cases(task: str, seed: int) -> Iterator[Case]:
    """The points of one graded function, "module.function"; none where its result is random or a network."""
    module, function = task.split(".")
    draw = Draw([seed, *task.encode()])
    points = getattr(importlib.import_module(f"{__name__}.{module}"), function, None)
    return points(draw) if points is not None else iter(())
