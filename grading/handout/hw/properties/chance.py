"""What is asked of random numbers. Nothing here fails a right function in fewer than a million runs."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ..compare import expect_tensor
from ..lent.sandbox.crossing.values import Seeded
from ..student import Reply, Student

SIGMAS = 6.0


def expect_from_the_generator(student: Student, shape: tuple, **arguments: Any) -> None:
    """The generator decides about every number, and without one every call draws anew."""
    generators = (Seeded(11), Seeded(11), Seeded(12), Seeded(11, 5))
    replies = [student(**arguments, generator=generator) for generator in generators]
    first, again, other, later = (expect_tensor(reply, shape) for reply in replies)
    if not torch.equal(first, again):
        raise replies[1].fail("the same seed does not give the same result", "every number from the generator")
    for result, reply, what in ((other, replies[2], "another seed"), (later, replies[3], "a generator that was used")):
        if torch.equal(first, result):
            raise reply.fail(f"{what} gives the same result", "every number from the generator")
    if replies[0].moved_random_state:
        raise replies[0].fail("the global random state was moved although a generator was given")
    without = [student(**arguments) for _ in range(2)]
    if torch.equal(*(expect_tensor(reply, shape) for reply in without)):
        raise without[0].fail("two calls without a generator give the same", "other numbers each time")


def expect_independent(reply: Reply, what: str, first: Tensor, second: Tensor) -> None:
    """Two columns of numbers are not correlated."""
    if correlation(first, second) * math.sqrt(len(first)) > SIGMAS:
        raise reply.fail(f"{what} depend on each other", "independent draws")


def correlation(first: Tensor, second: Tensor) -> float:
    a, b = (x.double() - x.double().mean() for x in (first, second))
    size = float(a.norm() * b.norm())
    return abs(float((a * b).sum())) / size if size > 0 else 0.0


def expect_standard_normal(reply: Reply, z: Tensor) -> None:
    """(N, D): mean 0, variance 1, the tails of a normal distribution; no two columns, no neighbouring rows alike."""
    values, count = z.double(), z.numel()
    far = float((values.abs() > 2).double().mean())
    told = {
        "mean": (float(values.mean()), 0.0, 1.0),
        "variance": (float(values.square().mean()), 1.0, math.sqrt(2)),
        "share beyond 2": (far, 0.0455, 0.2084),
        "share below 0": (float((values < 0).double().mean()), 0.5, 0.5),
    }
    for name, (got, expected, deviation) in told.items():
        if not abs(got - expected) <= SIGMAS * deviation / math.sqrt(count):
            raise reply.fail(f"z is not standard normal: its {name}", f"{expected:g}", f"{got:.4g}")
    expect_independent(reply, "two dimensions of z", values[:, 0], values[:, 1])
    expect_independent(reply, "neighbouring samples", values[:-1, 0], values[1:, 0])
