"""Latent samplers: the mapping stays on this side, so what it was asked and what it answered is known for certain.

Statistical tests have a level of 1e-9 each; there are fewer than 20 of them.
"""

from typing import ClassVar

import torch
from hypothesis import strategies as st
from scipy.stats import binomtest, kstest, norm, pearsonr

from ...sandbox.crossing.probes import Mapping
from ...sandbox.crossing.values import Probe, Seeded
from ..compare import assert_close
from ..points import Draw
from . import draws, grades, holds_for, shapes
from .expect import IDENTITY, about, assert_detached, assert_image, assert_moved_on, assert_no_grad_left

LEVEL = 1e-9
ONE_BY_ONE = 60.0  # seconds for a call that maps ten thousand samples, each in a call over the wire
W_DIM = 5
NO_CHUNKS = 2063  # samples: a prime, so that the last chunk is shorter, in whatever chunks they are mapped


class Watched:
    """The mapping, which remembers every z it was asked and every w it answered."""

    def __init__(self):
        self.mapping, self.asked, self.answered = Mapping(), [], []

    def __call__(self, z):
        self.asked.append(z)
        self.answered.append(self.mapping(z).detach())
        return self.answered[-1]

    @property
    def z(self):
        return torch.cat(self.asked) if self.asked else torch.zeros(0, 1)

    @property
    def w(self):
        return torch.cat(self.answered) if self.answered else torch.zeros(0, W_DIM)


def assert_standard_normal(reply, z):
    """Mean 0, variance 1, the bell's shape, no two columns and no neighbouring rows alike."""
    values = z.double()
    if len(values) < 100:
        raise reply.fail("there are too few z", "a z of its own for every sample", f"{len(values)}")
    far = int((values.abs() > 2).sum())
    p = min(
        kstest(values.flatten().numpy(), "norm").pvalue,
        binomtest(far, values.numel(), 2 * norm.sf(2)).pvalue,  # the tails, to which the test above is blind
    )
    if p < LEVEL:
        raise reply.fail("z is not standard normal", "mean 0, variance 1, a normal distribution", f"p = {p:.1g}")
    pairs = {
        "two dimensions of z": (values[:, 0], values[:, 1]),
        "neighbouring samples": (values[:-1, 0], values[1:, 0]),
    }
    for name, (first, second) in pairs.items():
        if bool((first == second).all()) or pearsonr(first.numpy(), second.numpy()).pvalue < LEVEL:
            raise reply.fail(f"{name} depend on each other", "independent numbers")


def assert_reproducible(student, **arguments):
    generators = (Seeded(5), Seeded(5), Seeded(6), Seeded(5, 3))
    first, again, other, later = (student(**arguments, generator=generator) for generator in generators)
    shape = first.value.shape if isinstance(first.value, torch.Tensor) else (1,)
    if not torch.equal(assert_image(again, shape), assert_image(first, shape)):
        raise again.fail("the same seed does not give the same result", "every random number from the generator")
    if torch.equal(assert_image(other, shape), first.value):
        raise other.fail("another seed gives the same result", "every random number from the generator")
    if torch.equal(assert_image(later, shape), first.value):
        raise later.fail("a generator that has been used gives the same result again", "the generator's next numbers")
    assert_moved_on(first)
    if first.moved_random_state and not first.seeded:  # that is said elsewhere
        raise first.fail("the global random state was moved although a generator was given", "the generator's numbers")


@grades("latents.mean_w")
class TestMeanW:
    @holds_for(draw=draws, count=st.integers(1, 300))
    def test_mean_of_mapped_samples(self, student, draw, count):
        """The result is the mean of what the mapping made of num_samples z, not the mapping of their mean."""
        self.assert_mean(student, count, draw.integer(0, 2**31))

    def test_mean_of_chunks(self, student, seed):
        """The result is the mean of what the mapping made of num_samples z, whatever their number."""
        self.assert_mean(student, NO_CHUNKS, seed)

    def assert_mean(self, student, count, seed):
        mapping = Watched()
        reply = student(mapping=mapping, z_dim=4, num_samples=count, generator=Seeded(seed))
        assert_image(reply, (W_DIM,))
        if len(mapping.w) != count:
            raise reply.fail("another number of samples was mapped", f"{count}", f"{len(mapping.w)}", kind="says all")
        assert_close(reply, mapping.w.double().mean(0), 1e-5, what="the mean of what the mapping answered")

    def test_default_number_of_samples(self, student, seed):
        """By default ten thousand standard normal z are mapped, and the result is the mean of what came."""
        mapping = Watched()
        student.allow(ONE_BY_ONE)
        reply = student(mapping=mapping, z_dim=4, generator=Seeded(seed))
        if len(mapping.w) != 10_000:
            raise reply.fail(
                "without num_samples another number of samples is mapped",
                "10,000",
                f"{len(mapping.w):,}",
                kind="default",
                subject="num_samples",
            )
        assert_standard_normal(reply, mapping.z)
        assert_close(
            reply, mapping.w.double().mean(0), 1e-5, what="the mean of what the mapping answered", kind="value"
        )

    def test_no_graph(self, student, seed):
        """No graph of the mapping is kept, and no .grad is left in it."""
        reply = student(mapping=Probe("Mapping"), z_dim=4, num_samples=50, generator=Seeded(seed), local_probes=True)
        assert_image(reply, (W_DIM,))
        assert_detached(reply)
        assert_no_grad_left(reply)

    def test_generator(self, student, seed):
        """The generator decides about every number, and the global random state is left alone."""
        assert_reproducible(student, mapping=Probe("Mapping"), z_dim=4, num_samples=50)


@grades("latents.sample_z")
class TestSampleZ:
    def test_standard_normal(self, student, seed):
        """Independent standard normal numbers, shape (N, z_dim)."""
        reply = student(batch_size=3000, z_dim=3, generator=Seeded(seed))
        assert_standard_normal(reply, assert_image(reply, (3000, 3)))

    @holds_for(batch=st.integers(1, 5), more=st.integers(1, 6))
    def test_from_mean(self, student, batch, more):
        """From the mean all N are zeros."""
        z_dim = batch + more  # never N itself, or the two could change places
        reply = student(batch_size=batch, z_dim=z_dim, from_mean=True)
        assert_close(reply, torch.zeros(batch, z_dim, dtype=torch.float64), 0.0)

    def test_generator(self, student, seed):
        """The generator decides about every number, and the global random state is left alone."""
        assert_reproducible(student, batch_size=4, z_dim=3)
        assert_reproducible(student, batch_size=1, z_dim=3)


def assert_mapped(reply, mapping, rows):
    """Every row is something that the mapping answered, and no answer is used twice."""
    answered = mapping.w.double()
    used: set[int] = set()
    for row in rows.double():
        close = (answered - row).abs().amax(1) <= 1e-5 if len(answered) else torch.zeros(0, dtype=torch.bool)
        found = [i for i in close.nonzero().flatten().tolist() if i not in used]
        if not found:
            raise reply.fail("a w is used twice or is not what the mapping answered", "one mapped sample for each w")
        used.add(found[0])


class WSampler:
    """What sampling in w and in w+ have in common."""

    layers = 1
    extra: ClassVar[dict] = {}

    @holds_for(draw=draws, batch=st.integers(1, 4))
    def test_every_w_is_a_sample(self, student, draw, batch):
        """Each w comes from a z of its own, for every sample and every layer."""
        mapping = Watched()
        generator = Seeded(draw.integer(0, 2**31))
        reply = student(mapping=mapping, batch_size=batch, z_dim=4, **self.extra, generator=generator)
        w = assert_image(reply, (batch, self.layers, W_DIM))
        assert_mapped(reply, mapping, w.flatten(0, 1))

    def test_standard_normal(self, student, seed):
        """The mapping is given independent standard normal z."""
        mapping = Watched()
        reply = student(mapping=mapping, batch_size=800, z_dim=4, **self.extra, generator=Seeded(seed))
        assert_image(reply, (800, self.layers, W_DIM))
        assert_standard_normal(reply, mapping.z)

    @holds_for(draw=draws, batch=st.integers(1, 4))
    def test_from_mean(self, student, draw, batch):
        """From the mean every sample and layer is the mean of ten thousand mapped samples."""
        mapping = Watched()
        student.allow(ONE_BY_ONE)
        generator = Seeded(draw.integer(0, 2**31))
        reply = student(mapping=mapping, batch_size=batch, z_dim=4, **self.extra, from_mean=True, generator=generator)
        w = assert_image(reply, (batch, self.layers, W_DIM))
        if len(mapping.w) < 10_000:
            raise reply.fail("another number of samples was mapped", "10,000", f"{len(mapping.w):,}", kind="says all")
        # With more answers than that, say for samples that are thrown away, the mean of those counted is not known.
        mean = mapping.w.double().mean(0)
        allowed = 1e-5 if len(mapping.w) == 10_000 else 0.1
        assert_close(reply, mean.expand(w.shape), allowed, what="the mean of what the mapping answered")
        if bool((w - w[:1, :1]).abs().max() > 1e-5):
            raise reply.fail("samples or layers differ", "the same mean everywhere")

    def test_generator(self, student, seed):
        """The generator decides about every number, and the global random state is left alone."""
        arguments = {"mapping": Probe("Mapping"), "batch_size": 3, "z_dim": 4} | self.extra
        assert_reproducible(student, **arguments)
        student.allow(ONE_BY_ONE)
        assert_reproducible(student, **arguments, from_mean=True)


@grades("latents.sample_w")
class TestSampleW(WSampler):
    pass


@grades("latents.sample_w_plus")
class TestSampleWPlus(WSampler):
    layers = 6
    extra: ClassVar[dict] = {"num_ws": 6}


@grades("latents.interpolate")
class TestInterpolate:
    @holds_for(draw=draws, shape=shapes, frames=st.integers(2, 9))
    def test_ends(self, student, draw, shape, frames):
        """The first frame is a, the last one is b."""
        a, b = draw.images(2, shape[:3])
        reply = student(latent_a=a, latent_b=b, num_frames=frames)
        ends = assert_image(reply, (frames, *shape[:3]))[[0, -1]]
        assert_close(about(reply, ends), torch.stack([a, b]), IDENTITY, what="one of the two ends")

    def test_latents_of_any_number_of_axes(self, student, seed):
        """The frames are a new first axis, whatever the latents' own axes are."""
        draw = Draw([seed, 7])
        for shape in ((2, 5), (2, 3, 1, 1)):
            a, b = draw.images(2, shape)
            expected = torch.stack([a, (a + b) / 2, b])
            assert_close(student(latent_a=a, latent_b=b, num_frames=3), expected, IDENTITY)

    @holds_for(draw=draws, shape=shapes, frames=st.integers(3, 9))
    def test_equal_steps(self, student, draw, shape, frames):
        """Every frame is one equal step further than the one before."""
        a, b = draw.images(2, shape[:3])
        reply = student(latent_a=a, latent_b=b, num_frames=frames)
        moves = assert_image(reply, (frames, *shape[:3])).diff(dim=0)
        expected = ((b - a) / (frames - 1)).expand(moves.shape)
        assert_close(about(reply, moves), expected, IDENTITY, what="a step between frames")
