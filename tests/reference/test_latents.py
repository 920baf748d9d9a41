"""latents: shapes for N > 1, means, independence, generators, and the ends of an interpolation."""

import pytest
import torch
from torch import nn

from reference.latents import interpolate, mean_w, sample_w, sample_w_plus, sample_z


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def square(z):
    """E[square(z)] = 1 while square(E[z]) = 0; 3 wide for z_dim 2."""
    return torch.cat([z**2, z[:, :1]], dim=1)


SAMPLERS = {
    "z": lambda n, from_mean=False, generator=None: sample_z(n, 2, from_mean, generator),
    "w": lambda n, from_mean=False, generator=None: sample_w(square, n, 2, from_mean, generator),
    "w+": lambda n, from_mean=False, generator=None: sample_w_plus(square, n, 2, 5, from_mean, generator),
    "mean": lambda n, from_mean=False, generator=None: mean_w(square, 2, 100, generator),
}
SHAPES = {"z": (2,), "w": (1, 3), "w+": (5, 3)}


@pytest.mark.parametrize("space", SHAPES)
@pytest.mark.parametrize("from_mean", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_shapes(space, from_mean, batch_size):
    assert SAMPLERS[space](batch_size, from_mean).shape == (batch_size, *SHAPES[space])


def test_mean_w_is_the_mean_of_the_mapping():
    # Deviation of the mean of z² over 10,000 samples: √2 / 100; 8 of them, so that a false alarm is below 1e-14.
    mean = mean_w(square, 2, generator=seeded())
    assert mean.shape == (3,)
    torch.testing.assert_close(mean, torch.tensor([1.0, 1.0, 0.0]), rtol=0, atol=0.12)


def test_mean_w_averages_exactly_its_samples():
    seen = []

    def mapping(z):
        seen.append(z)
        return square(z)

    mean = mean_w(mapping, 2, num_samples=37, generator=seeded())
    z = torch.cat(seen)
    assert z.shape == (37, 2)
    torch.testing.assert_close(mean, square(z).mean(dim=0))


def test_from_mean_is_the_mean_in_every_place():
    mean = mean_w(square, 2, generator=seeded(3))
    assert torch.equal(sample_z(3, 2, from_mean=True), torch.zeros(3, 2))
    torch.testing.assert_close(sample_w(square, 3, 2, True, seeded(3)), mean.expand(3, 1, 3))
    torch.testing.assert_close(sample_w_plus(square, 3, 2, 4, True, seeded(3)), mean.expand(3, 4, 3))


def test_copies_of_the_mean_do_not_share_memory():
    for latent in (sample_w(square, 2, 2, True), sample_w_plus(square, 2, 2, 4, True)):
        before = latent[1, -1].clone()
        latent[0, 0] = 99.0
        assert torch.equal(latent[1, -1], before)


def test_samples_and_layers_are_independent():
    # Correlation of 20,000 independent pairs has deviation 1 / √20,000 = 0.007; 0.06 is more than 8 of them. Three
    # draws per code and three layers: false alarm below 36 · 1e-15.
    w_plus = sample_w_plus(lambda z: z, 20_000, 2, 3, generator=seeded())
    correlation = torch.corrcoef(w_plus.flatten(1).T)
    torch.testing.assert_close(correlation, torch.eye(6), rtol=0, atol=0.06)
    torch.testing.assert_close(w_plus.std(dim=0), torch.ones(3, 2), rtol=0, atol=0.05)
    for latent in (sample_z(20_000, 2, generator=seeded()), sample_w(lambda z: z, 20_000, 2, generator=seeded())[:, 0]):
        neighbours = torch.corrcoef(torch.cat([latent[:-1], latent[1:]], dim=1).T)
        torch.testing.assert_close(neighbours, torch.eye(4), rtol=0, atol=0.06)
        torch.testing.assert_close(latent.mean(dim=0), torch.zeros(2), rtol=0, atol=0.06)


def test_w_is_mapped():
    torch.testing.assert_close(sample_w(lambda z: 0 * z + 7, 3, 2), torch.full((3, 1, 2), 7.0))
    assert (sample_w(square, 50, 2)[..., :2] >= 0).all()
    assert (sample_w_plus(square, 50, 2, 3)[..., :2] >= 0).all()


@pytest.mark.parametrize("space", SAMPLERS)
def test_generator_decides_and_the_global_state_rests(space):
    before = torch.get_rng_state()
    first, again, other = (SAMPLERS[space](3, generator=seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("space", SAMPLERS)
def test_no_graph_is_kept(space):
    mapping = nn.Linear(2, 3)
    graphs = {
        "z": lambda: sample_z(2, 2),
        "w": lambda: sample_w(mapping, 2, 2),
        "w+": lambda: sample_w_plus(mapping, 2, 2, 4),
        "mean": lambda: mean_w(mapping, 2),
    }
    latent = graphs[space]()
    assert not latent.requires_grad and latent.grad_fn is None
    latent.requires_grad_()  # a start for an optimizer, not an inference tensor
    (latent**2).sum().backward()


@pytest.mark.parametrize("shape", [(2, 3), (1, 1, 4), (2, 5, 3), (1, 4, 1, 1)])
@pytest.mark.parametrize("num_frames", [2, 3, 11])
def test_interpolation_is_even_and_exact_at_its_ends(shape, num_frames):
    a, b = (torch.randn(*shape, generator=seeded(seed), dtype=torch.float64) for seed in (0, 1))
    frames = interpolate(a, b, num_frames)
    assert frames.shape == (num_frames, *shape)
    assert torch.equal(frames[0], a) and torch.equal(frames[-1], b)
    for k in range(num_frames):
        torch.testing.assert_close(frames[k], a + k / (num_frames - 1) * (b - a))


def test_interpolation_keeps_the_dtype_and_is_differentiable():
    a, b = torch.zeros(1, 2), torch.ones(1, 2)
    assert interpolate(a, b, 3).dtype == torch.float32
    a, b = a.double().requires_grad_(), b.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: interpolate(a, b, 4), (a, b))


@pytest.mark.bad_input
def test_bad_arguments():
    a = torch.zeros(1, 2)
    cases = [
        ("batch_size", lambda: sample_z(0, 2)),
        ("z_dim", lambda: sample_z(1, 0)),
        ("batch_size", lambda: sample_w(square, 2.0, 2)),
        ("z_dim", lambda: sample_w(square, 2, 0)),
        ("batch_size", lambda: sample_w_plus(square, 0, 2, 3)),
        ("num_ws", lambda: sample_w_plus(square, 1, 2, 0)),
        ("num_samples", lambda: mean_w(square, 2, 0)),
        ("mapping", lambda: mean_w(lambda z: z[:, None], 2)),
        ("mapping", lambda: sample_w(lambda z: z[0], 3, 2)),
        ("latent_a", lambda: interpolate(a[0], a[0], 3)),
        ("latent_b", lambda: interpolate(a, a.double(), 3)),
        ("latent_b", lambda: interpolate(a, a.repeat(2, 1), 3)),
        ("num_frames", lambda: interpolate(a, a, 1)),
    ]
    for argument, call in cases:
        with pytest.raises(ValueError, match=f"^{argument}:"):
            call()
