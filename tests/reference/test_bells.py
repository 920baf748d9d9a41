"""bells: edges and warps against numpy, the encoder on a generator with a known inverse, the best of several starts."""

import numpy as np
import pytest
import torch
from torch import nn

from reference.bells import (
    encoder_loss,
    encoder_start,
    invert_best_of,
    sketch_loss,
    soft_edges,
    warp,
    warp_loss,
)
from reference.inversion import invert, lp_loss


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def numpy_edges(image, epsilon=1e-3):
    padded = np.pad(image.numpy().mean(axis=1), ((0, 0), (1, 1), (1, 1)), mode="edge")
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    right = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    return (np.sqrt(down**2 + right**2 + epsilon**2) - epsilon)[:, None]


@pytest.mark.parametrize("shape", [(3, 2, 5, 7), (1, 3, 1, 4), (2, 1, 6, 1)])
def test_edges_against_numpy(shape):
    image = draw(*shape)
    np.testing.assert_allclose(soft_edges(image).numpy(), numpy_edges(image), atol=1e-12)


def test_edges_follow_the_image_around():
    image = draw(2, 3, 5, 7)
    torch.testing.assert_close(soft_edges(image.flip(3)), soft_edges(image).flip(3))
    torch.testing.assert_close(soft_edges(image.transpose(2, 3)), soft_edges(image).transpose(2, 3))
    torch.testing.assert_close(soft_edges(-image + 3), soft_edges(image))


def test_flat_ground_has_no_edges_and_a_finite_gradient():
    image = torch.full((1, 3, 4, 4), 0.3, requires_grad=True)
    edges = soft_edges(image)
    edges.sum().backward()
    torch.testing.assert_close(edges, torch.zeros(1, 1, 4, 4))
    assert image.grad.isfinite().all()


def test_sketch_loss_against_numpy():
    image, sketch = draw(3, 2, 5, 7), draw(3, 2, 5, 7, seed=1)
    for mask_shape in [(3, 1, 5, 7), (1, 1, 5, 7)]:
        mask = (draw(*mask_shape, seed=2) > 0).double()
        difference = mask.numpy() * np.abs(numpy_edges(image) - numpy_edges(sketch))
        np.testing.assert_allclose(
            sketch_loss(image, sketch, mask).item(), difference.sum(axis=(1, 2, 3)).mean(), rtol=1e-10
        )


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (0, -3), (-1, 2), (9, 9)])
def test_warp_by_whole_pixels_is_indexing(down, right):
    image = draw(2, 3, 5, 7)
    flow = torch.tensor([down, right]).double().reshape(1, 2, 1, 1).expand(2, 2, 5, 7)
    rows = (torch.arange(5) + down).clamp(0, 4)
    columns = (torch.arange(7) + right).clamp(0, 6)
    torch.testing.assert_close(warp(image, flow), image[:, :, rows][..., columns])


def test_warp_reads_each_pixel_by_its_own_flow():
    image, flow = draw(2, 3, 5, 7), 2 * draw(2, 2, 5, 7, seed=1)
    result, x = warp(image, flow).numpy(), image.numpy()
    for n, i, j in np.ndindex(2, 5, 7):
        row, column = np.clip(i + flow[n, 0, i, j].item(), 0, 4), np.clip(j + flow[n, 1, i, j].item(), 0, 6)
        top, left = int(row), int(column)
        bottom, right = min(top + 1, 4), min(left + 1, 6)
        a, b = row - top, column - left
        above = (1 - b) * x[n, :, top, left] + b * x[n, :, top, right]
        below = (1 - b) * x[n, :, bottom, left] + b * x[n, :, bottom, right]
        np.testing.assert_allclose(result[n, :, i, j], (1 - a) * above + a * below, atol=1e-12)


def test_warp_loss_against_warp():
    image, source, flow = draw(3, 2, 5, 7), draw(3, 2, 5, 7, seed=1), draw(3, 2, 5, 7, seed=2)
    mask = (draw(3, 1, 5, 7, seed=3) > 0).double()
    expected = np.mean(np.sum(np.abs(mask.numpy() * (image - warp(source, flow)).numpy()), axis=(1, 2, 3)))
    np.testing.assert_allclose(warp_loss(image, source, flow, mask).item(), expected, rtol=1e-12)
    assert warp_loss(warp(source, flow), source, flow, mask) == 0


def test_gradcheck():
    image, source, flow = (draw(2, 2, 3, 4, seed=seed).requires_grad_() for seed in range(3))
    mask = (draw(1, 1, 3, 4, seed=3) > 0).double()
    assert torch.autograd.gradcheck(soft_edges, image)
    assert torch.autograd.gradcheck(lambda image: sketch_loss(image, source.detach(), mask), image)
    assert torch.autograd.gradcheck(warp, (image, (0.3 * flow).detach().requires_grad_()))
    assert torch.autograd.gradcheck(lambda image: warp_loss(image, source.detach(), flow.detach(), mask), image)


MATRIX = draw(24, 6, seed=5)


def generator_fn(latent):
    return (latent.flatten(1) @ MATRIX.T).reshape(-1, 2, 3, 4)


def linear_encoder(weight):
    return lambda image: image.flatten(1) @ weight.T


def test_encoder_loss_of_a_linear_encoder():
    weight, latent = draw(6, 24, seed=6), draw(5, 6)
    loss = encoder_loss(linear_encoder(weight), generator_fn, latent, 0.5, 2.0)
    w, a, p = latent.numpy(), MATRIX.numpy(), weight.numpy()
    images = w @ a.T
    guess = images @ p.T
    expected = 0.5 * np.mean((guess - w) ** 2) + 2 * np.mean((guess @ a.T - images) ** 2)
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-12)
    inverse = torch.linalg.pinv(MATRIX)
    np.testing.assert_allclose(encoder_loss(linear_encoder(inverse), generator_fn, latent).item(), 0, atol=1e-20)


def test_an_encoder_learns_the_inverse_and_shortens_the_search():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(24, 6)).double()
    adam = torch.optim.Adam(encoder.parameters(), lr=0.02)
    for step in range(300):
        adam.zero_grad()
        loss = encoder_loss(encoder, generator_fn, draw(32, 6, seed=step), image_weight=0.0)
        loss.backward()
        adam.step()
    assert loss < 0.05
    truth = draw(1, 6, seed=1000)
    target = generator_fn(truth)
    start = encoder_start(encoder, target)
    assert not start.requires_grad
    squares = lambda pred, target, delta: lp_loss(pred, target, 2)
    ends = [
        squares(invert(generator_fn, target, latent, squares, 2)[1], target, None)
        for latent in (start, torch.zeros(1, 6).double())
    ]
    assert ends[0] < ends[1], "two steps from the guess go further than two steps from the mean"


def test_encoder_loss_leaves_no_graph_behind_its_images():
    weight, latent = draw(6, 24, seed=6).requires_grad_(), draw(5, 6).requires_grad_()
    loss = encoder_loss(linear_encoder(weight), generator_fn, latent)
    gradients = torch.autograd.grad(loss, (weight, latent), allow_unused=True)
    assert gradients[0].abs().sum() > 0 and gradients[1] is None


def two_valleys(latent):
    """Minima near -1 and 1; the left one is lower."""
    return ((latent**2 - 1) ** 2 + 0.5 * latent).reshape(-1, 1, 1, 1)


def value(pred, target, delta):
    return (pred - target).sum()


@pytest.mark.parametrize("starts", [[1.5, -1.5, 2.0], [-1.5, 1.5], [1.5, 2.0, -1.2], [-1.5]])
def test_the_best_start_wins_wherever_it_stands(starts):
    target = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    latents = [torch.tensor([[start]], dtype=torch.float64) for start in starts]
    latent, image = invert_best_of(two_valleys, target, latents, value)
    roots = np.roots([4, 0, -4, 0.5])  # where the derivative is 0
    np.testing.assert_allclose(latent.item(), roots.real.min(), atol=1e-4)
    assert torch.equal(image, two_valleys(latent))


def test_delta_counts_from_each_start_and_nan_never_wins():
    target = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    far, near = torch.tensor([[100.0]]).double(), torch.tensor([[1.0]]).double()
    # The image is the same everywhere and no way is gone from either start: a tie, which the first one keeps. Measured
    # from 0, the first one would have gone a long way.
    pays_for_the_way = lambda pred, target, delta: (pred - target).sum() + delta.square().sum()
    latent, _ = invert_best_of(lambda latent: 0 * latent.reshape(1, 1, 1, 1), target, [far, near], pays_for_the_way, 5)
    assert torch.equal(latent, far)
    for latents in ([far, near], [near, far]):
        broken = lambda latent: (latent * torch.where(latent > 50, torch.nan, 1.0)).reshape(1, 1, 1, 1)
        squares = lambda pred, target, delta: lp_loss(pred, target, 2)
        latent, _ = invert_best_of(broken, target, latents, squares, 20)
        np.testing.assert_allclose(latent.item(), 0, atol=1e-6)


@pytest.mark.bad_input
def test_bad_arguments():
    x, mask, flow = draw(2, 3, 4, 5), torch.ones(1, 1, 4, 5).double(), draw(2, 2, 4, 5)
    cases = [
        ("image", lambda: soft_edges(x[0])),
        ("epsilon", lambda: soft_edges(x, 0.0)),
        ("sketch", lambda: sketch_loss(x, x[:1], mask)),
        ("mask", lambda: sketch_loss(x, x, torch.ones_like(x))),
        ("image", lambda: warp(x[0], flow)),
        ("flow", lambda: warp(x, flow[:, :1])),
        ("flow", lambda: warp(x, flow.float())),
        ("source", lambda: warp_loss(x, x[:1], flow, mask)),
        ("flow", lambda: warp_loss(x, x, flow[:1], mask)),
        ("mask", lambda: warp_loss(x, x, flow, mask[0])),
        ("latent", lambda: encoder_loss(linear_encoder(MATRIX.T), generator_fn, draw(6))),
        ("encoder", lambda: encoder_loss(lambda image: image, generator_fn, draw(2, 6))),
        ("latent_weight", lambda: encoder_loss(linear_encoder(MATRIX.T), generator_fn, draw(2, 6), -1.0)),
        ("image_weight", lambda: encoder_loss(linear_encoder(MATRIX.T), generator_fn, draw(2, 6), 1.0, -1.0)),
        ("target", lambda: encoder_start(linear_encoder(MATRIX.T), x[0])),
        ("encoder", lambda: encoder_start(lambda image: image.sum(), x)),
        ("latents", lambda: invert_best_of(two_valleys, x, [], value)),
    ]
    for argument, call in cases:
        with pytest.raises(ValueError, match=f"^{argument}:"):
            call()
