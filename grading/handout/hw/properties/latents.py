"""Samplers of latents: what the mapping was asked, and what became of its answers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..compare import expect_close, expect_tensor
from ..lent.sandbox.crossing.probes import Mapping
from ..lent.sandbox.crossing.values import Probe, Seeded
from ..student import Student
from . import holds
from .chance import expect_from_the_generator, expect_standard_normal

WIDTH = 5  # of a w
SAMPLES = 10_000  # of a mean
ROUNDING = 1e-5  # in float32
LAYERS: dict[str, tuple[int, dict[str, Any]]] = {"sample_w": (1, {}), "sample_w_plus": (6, {"num_ws": 6})}


class Watched:
    """The mapping, which remembers what it was asked and what it answered."""

    def __init__(self) -> None:
        self.mapping, self.asked, self.answered = Mapping(), [torch.zeros(0, 4)], [torch.zeros(0, WIDTH)]

    def __call__(self, z: Tensor) -> Tensor:
        self.asked.append(z.detach())
        self.answered.append(self.mapping(z).detach())
        return self.answered[-1]

    @property
    def w(self) -> Tensor:
        return torch.cat(self.answered).double()

    @property
    def z(self) -> Tensor:
        return torch.cat(self.asked)


@holds("latents.mean_w")
def mean_of_the_answers(student: Student) -> None:
    """The result is the mean of what the mapping made of num_samples standard normal z, ten thousand by default."""
    counts: list[tuple[int, dict[str, Any]]] = [(37, {"num_samples": 37}), (2, {"num_samples": 2}), (SAMPLES, {})]
    for count, given in [one for one in counts if student.asks(one[1])]:
        mapping = Watched()
        reply = student(mapping=mapping, z_dim=4, **given, generator=Seeded(count))
        if len(mapping.w) != count:
            raise reply.fail("another number of samples was mapped", f"{count}", f"{len(mapping.w)}")
        expect_close(reply, mapping.w.mean(0), ROUNDING, "the mean of what the mapping answered")
    expect_standard_normal(reply, mapping.z)


@holds("latents.mean_w")
def mean_has_no_graph(student: Student) -> None:
    """No graph of the mapping is kept."""
    reply = student(mapping=Probe("Mapping"), z_dim=4, num_samples=50, generator=Seeded(1))
    expect_tensor(reply, (WIDTH,))
    if reply.attached:
        raise reply.fail("the result hangs on an autograd graph", "a detached tensor")


@holds("latents.mean_w")
def mean_is_drawn_from_the_generator(student: Student) -> None:
    """The generator decides about every number, and without one every call draws anew."""
    expect_from_the_generator(student, (WIDTH,), mapping=Probe("Mapping"), z_dim=4, num_samples=50)


@holds("latents.sample_z")
def standard_normal_codes(student: Student) -> None:
    """Independent standard normal numbers, shape (N, z_dim); from the mean all are zeros."""
    reply = student(batch_size=3000, z_dim=3, generator=Seeded(2))
    expect_standard_normal(reply, expect_tensor(reply, (3000, 3)))
    for batch, width in ((1, 4), (3, 5)):
        expect_close(student(batch_size=batch, z_dim=width, from_mean=True), torch.zeros(batch, width), 0.0)


@holds("latents.sample_z")
def codes_are_drawn_from_the_generator(student: Student) -> None:
    """The generator decides about every number, and without one every call draws anew."""
    expect_from_the_generator(student, (4, 3), batch_size=4, z_dim=3)


@holds("latents.sample_w", "latents.sample_w_plus")
def every_w_is_a_sample(student: Student) -> None:
    """Each w comes from a standard normal z of its own, for every sample and every layer."""
    layers, given = LAYERS[student.name]
    for batch in (1, 3, 400):
        mapping = Watched()
        reply = student(mapping=mapping, batch_size=batch, z_dim=4, **given, generator=Seeded(batch))
        w = expect_tensor(reply, (batch, layers, WIDTH)).double().flatten(0, 1)
        distances = torch.cdist(w, mapping.w) if len(mapping.w) else torch.ones(len(w), 1)
        if float(distances.min(1).values.max()) > 10 * ROUNDING:
            raise reply.fail("a w is not what the mapping answered", "one mapped sample for each w")
        if len(w.unique(dim=0)) < len(w):
            raise reply.fail("a w is used twice", "one mapped sample for each w")
    expect_standard_normal(reply, mapping.z)


@holds("latents.sample_w", "latents.sample_w_plus")
def from_the_mean(student: Student) -> None:
    """From the mean every sample and layer is the mean of ten thousand mapped samples."""
    layers, given = LAYERS[student.name]
    mapping = Watched()
    reply = student(mapping=mapping, batch_size=3, z_dim=4, **given, from_mean=True, generator=Seeded(3))
    w = expect_tensor(reply, (3, layers, WIDTH))
    if len(mapping.w) < SAMPLES:
        raise reply.fail("another number of samples was mapped", f"{SAMPLES}", f"{len(mapping.w)}")
    # With more answers than that, say for samples that are thrown away, the mean of those that count is not known.
    allowed = ROUNDING if len(mapping.w) == SAMPLES else 0.1
    expect_close(reply, mapping.w.mean(0).expand(w.shape), allowed, "the mean of what the mapping answered")
    if float((w - w[:1, :1]).abs().max()) > ROUNDING:
        raise reply.fail("samples or layers differ", "the same mean everywhere")


@holds("latents.sample_w", "latents.sample_w_plus")
def w_is_drawn_from_the_generator(student: Student) -> None:
    """The generator decides about every number, of the mean too; without one every call draws anew."""
    layers, given = LAYERS[student.name]
    rest: dict[str, Any] = {"mapping": Probe("Mapping"), "batch_size": 3, "z_dim": 4}
    for mean in (False, True):
        expect_from_the_generator(student, (3, layers, WIDTH), **rest, **given, from_mean=mean)
