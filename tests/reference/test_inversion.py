"""inversion: losses against numpy, the search against least squares, LPIPS against its own package."""

import itertools
import sys

import numpy as np
import pytest
import torch
from torch import nn

from reference.inversion import (
    delta_penalty,
    gram_matrix,
    inversion_loss,
    invert,
    lp_loss,
    lpips_features,
    perceptual_loss,
    scribble_loss,
)
from reference.networks._torchvision import declare_missing_operators


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def draw_mask(*shape, seed=0):
    return (draw(*shape, seed=seed) > 0).double()


def two_layers(image):
    """Feature maps of different sizes, the second one mixing pixels."""
    return [image**2, image.flatten(1) @ draw(image[0].numel(), 4, seed=9).to(image)]


SHAPE = (3, 2, 5, 7)
MASK_SHAPES = [(3, 2, 5, 7), (1, 2, 5, 7), (3, 1, 5, 7), (1, 1, 5, 7)]


@pytest.mark.parametrize("p", [1, 2, 3, 1.5])
@pytest.mark.parametrize("mask_shape", [None, *MASK_SHAPES])
def test_lp_loss_against_numpy(p, mask_shape):
    pred, target = draw(*SHAPE), draw(*SHAPE, seed=1)
    mask = None if mask_shape is None else draw_mask(*mask_shape, seed=2)
    powers = np.abs(pred.numpy() - target.numpy()) ** p
    counted = np.ones(SHAPE, bool) if mask is None else np.broadcast_to(mask.numpy(), SHAPE) == 1
    assert 0 < counted.sum()
    np.testing.assert_allclose(lp_loss(pred, target, p, mask).item(), powers[counted].mean(), rtol=1e-12)


def test_lp_loss_of_an_empty_mask_is_zero_and_has_a_zero_gradient():
    pred = draw(*SHAPE).requires_grad_()
    loss = lp_loss(pred, draw(*SHAPE, seed=1), 1, torch.zeros(1, 1, 5, 7, dtype=torch.float64))
    loss.backward()
    assert loss.item() == 0 and torch.equal(pred.grad, torch.zeros_like(pred))


@pytest.mark.parametrize("mask_shape", MASK_SHAPES)
@pytest.mark.parametrize("garbage", [1e6, float("nan"), float("inf")])
def test_what_the_mask_leaves_out_cannot_change_a_loss(mask_shape, garbage):
    pred, target, mask = draw(*SHAPE), draw(*SHAPE, seed=1), draw_mask(*mask_shape, seed=2)
    spoiled = torch.where(mask == 1, target, torch.full_like(target, garbage))
    losses = {
        "lp": lambda pred, target: lp_loss(pred, target, 2, mask),
        "scribble": lambda pred, target: scribble_loss(pred, target, mask),
        "inversion": lambda pred, target: inversion_loss(pred, target, draw(3, 4), two_layers, mask=mask),
    }
    for name, loss_fn in losses.items():
        for a, b, c, d in [(pred, target, pred, spoiled), (target, pred, spoiled, pred)]:
            torch.testing.assert_close(loss_fn(c, d), loss_fn(a, b), msg=name)
        leaf = pred.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss_fn(leaf, spoiled), leaf)
        assert torch.equal(gradient[(mask == 0).expand(SHAPE)], torch.zeros_like(gradient)[(mask == 0).expand(SHAPE)])


def test_perceptual_loss_against_numpy():
    pred, target = draw(*SHAPE), draw(*SHAPE, seed=1)
    expected = sum(
        np.mean((a.numpy() - b.numpy()) ** 2) for a, b in zip(two_layers(pred), two_layers(target), strict=True)
    )
    np.testing.assert_allclose(perceptual_loss(pred, target, two_layers).item(), expected, rtol=1e-12)


def test_perceptual_loss_treats_the_target_as_a_constant():
    pred, target = draw(*SHAPE).requires_grad_(), draw(*SHAPE, seed=1).requires_grad_()
    gradients = torch.autograd.grad(perceptual_loss(pred, target, two_layers), (pred, target), allow_unused=True)
    assert gradients[0].abs().sum() > 0 and gradients[1] is None
    # A network's weights see the gradient of the prediction's features alone.
    network = nn.Linear(7, 3).double()
    loss = perceptual_loss(pred.detach(), target.detach(), lambda image: [network(image)])
    (gradient,) = torch.autograd.grad(loss, network.weight)
    difference = network(pred).detach() - network(target).detach()
    expected = 2 * torch.einsum("bchk,bchw->kw", difference, pred.detach()) / difference.numel()
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("shape", [(3, 4), (3, 1, 4), (2, 5, 4), (1, 4, 1, 1)])
def test_delta_penalty_against_numpy(shape):
    delta = draw(*shape)
    expected = np.mean([np.sum(sample**2) for sample in delta.numpy()])
    np.testing.assert_allclose(delta_penalty(delta).item(), expected, rtol=1e-14)


def test_delta_penalty_has_a_gradient_at_its_start():
    delta = torch.zeros(2, 3, requires_grad=True)
    delta_penalty(delta).backward()
    assert torch.equal(delta.grad, torch.zeros(2, 3))


@pytest.mark.parametrize("mask_shape", [None, *MASK_SHAPES])
@pytest.mark.parametrize("weights", [(10.0, 0.01, 0.0), (0.0, 2.0, 0.0), (1.0, 0.0, 3.0), (0.5, 0.25, 0.125)])
def test_inversion_loss_is_the_weighted_sum(mask_shape, weights):
    pred, target, delta = draw(*SHAPE), draw(*SHAPE, seed=1), draw(3, 4, seed=3)
    mask = None if mask_shape is None else draw_mask(*mask_shape, seed=2)
    seen = (pred, target) if mask is None else (pred * mask, target * mask)
    expected = weights[0] * lp_loss(pred, target, 1, mask) + weights[2] * delta_penalty(delta)
    expected = expected + weights[1] * perceptual_loss(*seen, two_layers)
    torch.testing.assert_close(inversion_loss(pred, target, delta, two_layers, *weights, mask), expected)


def test_inversion_loss_defaults():
    pred, target, delta = draw(*SHAPE), draw(*SHAPE, seed=1), draw(3, 4)
    expected = 10 * lp_loss(pred, target) + 0.01 * perceptual_loss(pred, target, two_layers)
    torch.testing.assert_close(inversion_loss(pred, target, delta, two_layers), expected)


def test_scribble_loss_against_numpy():
    image, sketch = draw(*SHAPE), draw(*SHAPE, seed=1)
    for mask_shape in MASK_SHAPES:
        mask = draw_mask(*mask_shape, seed=2)
        m, a, b = mask.numpy(), image.numpy(), sketch.numpy()
        expected = np.mean(np.sum(np.abs(m * a - m * b), axis=(1, 2, 3)))
        np.testing.assert_allclose(scribble_loss(image, sketch, mask).item(), expected, rtol=1e-12)


def test_gram_matrix_against_loops():
    features = draw(2, 3, 4, 5)
    gram = gram_matrix(features)
    assert gram.shape == (2, 3, 3)
    for n, i, j in itertools.product(range(2), range(3), range(3)):
        expected = (features[n, i] * features[n, j]).sum() / (3 * 4 * 5)
        torch.testing.assert_close(gram[n, i, j], expected)


def test_gram_matrix_forgets_where():
    features = draw(1, 3, 4, 5)
    torch.testing.assert_close(gram_matrix(features.flip(2).roll(2, dims=3)), gram_matrix(features))


def test_gradcheck():
    pred, target, mask = draw(2, 2, 3, 4).requires_grad_(), draw(2, 2, 3, 4, seed=1), draw_mask(2, 1, 3, 4)
    delta = draw(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda pred: lp_loss(pred, target, 2, mask), pred)
    assert torch.autograd.gradcheck(lambda pred: lp_loss(pred, target, 1, mask), pred)
    assert torch.autograd.gradcheck(lambda pred: perceptual_loss(pred, target, two_layers), pred)
    assert torch.autograd.gradcheck(
        lambda pred, delta: inversion_loss(pred, target, delta, two_layers, 1.0, 1.0, 1.0, mask), (pred, delta)
    )
    assert torch.autograd.gradcheck(lambda pred: scribble_loss(pred, target, mask), pred)
    assert torch.autograd.gradcheck(gram_matrix, pred)


class LinearGenerator:
    """latent (N, …) of 6 numbers -> image (N, 2, 3, 4), with a bias."""

    def __init__(self, dtype=torch.float64):
        self.network = nn.Linear(6, 24).to(dtype)
        with torch.no_grad():
            self.network.weight.copy_(draw(24, 6, seed=5))
            self.network.bias.copy_(draw(24, seed=6))
        self.calls = []

    def __call__(self, latent):
        self.calls.append(latent.detach().clone())
        return self.network(latent.flatten(1)).reshape(-1, 2, 3, 4)

    def least_squares(self, target):
        matrix, bias = self.network.weight.detach().numpy(), self.network.bias.detach().numpy()
        return np.linalg.lstsq(matrix, (target.flatten(1).numpy() - bias).T, rcond=None)[0].T


def squares(pred, target, delta):
    return lp_loss(pred, target, 2)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("shape", [(1, 6), (3, 6), (3, 1, 6), (2, 3, 2)])
def test_invert_reaches_least_squares(optimizer, shape):
    generator_fn, target = LinearGenerator(), draw(shape[0], 2, 3, 4, seed=1)
    latent, image = invert(generator_fn, target, draw(*shape, seed=2), squares, 500, optimizer)
    assert latent.shape == shape and image.shape == target.shape
    np.testing.assert_allclose(latent.flatten(1).numpy(), generator_fn.least_squares(target), atol=2e-6)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_invert_reaches_ridge_regression_in_delta(optimizer):
    # mean |A (w0 + d) + b - x|² + r |d|² has its minimum where (A'A / 24 + r) d = A'(x - b - A w0) / 24.
    generator_fn, target, start = LinearGenerator(), draw(1, 2, 3, 4, seed=1), draw(1, 6, seed=2)

    def loss_fn(pred, target, delta):
        return lp_loss(pred, target, 2) + 0.3 * delta_penalty(delta)

    latent, _ = invert(generator_fn, target, start, loss_fn, 500, optimizer)
    a, b = generator_fn.network.weight.detach().numpy(), generator_fn.network.bias.detach().numpy()
    residual = target.flatten().numpy() - b - a @ start[0].numpy()
    delta = np.linalg.solve(a.T @ a / 24 + 0.3 * np.eye(6), a.T @ residual / 24)
    np.testing.assert_allclose(latent[0].numpy(), start[0].numpy() + delta, atol=2e-6)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_invert_returns_the_image_of_its_latent(optimizer, dtype):
    generator_fn, target = LinearGenerator(dtype), draw(2, 2, 3, 4, seed=1, dtype=dtype)
    for num_steps in (1, 3):
        latent, image = invert(generator_fn, target, draw(2, 6, seed=2, dtype=dtype), squares, num_steps, optimizer)
        assert torch.equal(image, generator_fn(latent).detach())
        assert latent.dtype == image.dtype == dtype
        assert not latent.requires_grad and not image.requires_grad


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_invert_leaves_the_generator_alone(optimizer):
    generator_fn = LinearGenerator()
    generator_fn.network.bias.requires_grad_(False)
    target, latent = draw(1, 2, 3, 4, seed=1), draw(1, 6, seed=2).requires_grad_()
    before = latent.detach().clone()
    with torch.no_grad():  # a caller's mode does not matter
        invert(generator_fn, target, latent, squares, 5, optimizer)
    assert generator_fn.network.weight.requires_grad and not generator_fn.network.bias.requires_grad
    assert generator_fn.network.weight.grad is None and generator_fn.network.bias.grad is None
    assert latent.grad is None and latent.requires_grad and torch.equal(latent.detach(), before)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_invert_starts_at_the_latent_with_delta_zero(optimizer):
    generator_fn, start, deltas = LinearGenerator(), draw(1, 6, seed=2), []

    def loss_fn(pred, target, delta):
        deltas.append(delta.detach().clone())
        return squares(pred, target, delta)

    latent, _ = invert(generator_fn, draw(1, 2, 3, 4, seed=1), start, loss_fn, 20, optimizer)
    assert torch.equal(generator_fn.calls[0], start) and torch.equal(deltas[0], torch.zeros(1, 6).double())
    assert torch.equal(generator_fn.calls[-1], latent)


def test_lbfgs_is_a_search_and_not_a_walk():
    # A quadratic of 6 dimensions: a few curvature pairs and line searches suffice.
    generator_fn = LinearGenerator()
    invert(generator_fn, draw(1, 2, 3, 4, seed=1), draw(1, 6, seed=2), squares, 1000)
    assert len(generator_fn.calls) < 100


def test_invert_of_a_start_that_fits_stays():
    generator_fn, start = LinearGenerator(), draw(1, 6, seed=2)
    target = generator_fn(start).detach()
    for optimizer in ("lbfgs", "adam"):
        latent, _ = invert(generator_fn, target, start, squares, 10, optimizer)
        torch.testing.assert_close(latent, start)


def test_invert_fits_only_what_the_mask_counts():
    # 24 equations are too many for 6 numbers; the 6 under the mask are met exactly.
    generator_fn, target = LinearGenerator(), draw(1, 2, 3, 4, seed=1)
    mask = torch.zeros(24, dtype=torch.float64)
    mask[::4] = 1
    mask = mask.reshape(1, 2, 3, 4)
    loss_fn = lambda pred, target, delta: lp_loss(pred, target, 2, mask)
    _, image = invert(generator_fn, target, torch.zeros(1, 6, dtype=torch.float64), loss_fn, 500)
    torch.testing.assert_close(mask * image, mask * target, rtol=0, atol=1e-5)


def test_losses_change_nothing_in_place():
    pred, target, mask, delta = draw(*SHAPE), draw(*SHAPE, seed=1), draw_mask(*SHAPE, seed=2), draw(3, 4)
    copies = [x.clone() for x in (pred, target, mask, delta)]
    inversion_loss(pred, target, delta, two_layers, 1.0, 1.0, 1.0, mask)
    scribble_loss(pred, target, mask)
    gram_matrix(pred)
    assert all(torch.equal(x, y) for x, y in zip((pred, target, mask, delta), copies, strict=True))


@pytest.fixture(scope="module")
def lpips():
    """The package lpips, where it is installed.

    A torchvision built for another torch lacks its compiled operators; LPIPS uses none of them.
    """
    declare_missing_operators()
    yield pytest.importorskip("lpips")


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
@pytest.mark.filterwarnings("ignore")
def test_perceptual_loss_over_lpips_features_is_lpips(lpips, net):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        package = lpips.LPIPS(net=net, pnet_rand=True, verbose=False).eval()
        torch.manual_seed(1)
        features_fn = lpips_features(net, pretrained=False)
    pred = draw(2, 3, 64, 72, dtype=torch.float32).clamp(-1, 1)
    target = draw(2, 3, 64, 72, seed=1, dtype=torch.float32).clamp(-1, 1)
    expected = package(pred, target).mean().detach()
    assert expected > 0.01
    torch.testing.assert_close(perceptual_loss(pred, target, features_fn), expected, rtol=1e-4, atol=1e-6)
    leaf = torch.zeros(1, 3, 64, 72, dtype=torch.float64, requires_grad=True)  # flat images, in another precision
    perceptual_loss(leaf, target[:1].double(), features_fn).backward()
    assert leaf.grad.isfinite().all() and leaf.grad.abs().sum() > 0


def test_a_missing_lpips_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(ImportError, match="pip install lpips"):
        lpips_features()


@pytest.mark.bad_input
def test_bad_arguments():
    x, delta, mask = draw(2, 3, 4, 5), draw(2, 6), torch.ones(1, 1, 4, 5, dtype=torch.float64)
    as_list = lambda image: [image]
    generator_fn = lambda latent: latent.reshape(2, 3, 4, 5)
    start = draw(2, 60)
    cases = [
        ("pred", lambda: lp_loss(x[0], x[0])),
        ("target", lambda: lp_loss(x, x[:1])),
        ("target", lambda: lp_loss(x, x.float())),
        ("p", lambda: lp_loss(x, x, 0)),
        ("mask", lambda: lp_loss(x, x, 1, mask[0])),
        ("mask", lambda: lp_loss(x, x, 1, mask.float())),
        ("mask", lambda: lp_loss(x, x, 1, torch.ones(2, 2, 4, 5).double())),
        ("mask", lambda: lp_loss(x, x, 1, torch.ones(1, 1, 1, 5).double())),
        ("pred", lambda: perceptual_loss(x.long(), x, as_list)),
        ("target", lambda: perceptual_loss(x, x[:, :1], as_list)),
        ("features_fn", lambda: perceptual_loss(x, x, lambda image: image)),
        ("features_fn", lambda: perceptual_loss(x, x, lambda image: [])),
        ("delta", lambda: delta_penalty(draw(6))),
        ("delta", lambda: inversion_loss(x, x, draw(6), as_list)),
        ("target", lambda: inversion_loss(x, x[:1], delta, as_list)),
        ("mask", lambda: inversion_loss(x, x, delta, as_list, mask=mask[..., :1])),
        ("l1_weight", lambda: inversion_loss(x, x, delta, as_list, -1.0)),
        ("perceptual_weight", lambda: inversion_loss(x, x, delta, as_list, 1.0, -1.0)),
        ("delta_weight", lambda: inversion_loss(x, x, delta, as_list, 1.0, 1.0, -1.0)),
        ("target", lambda: invert(generator_fn, x[0], start, squares)),
        ("latent", lambda: invert(generator_fn, x, start[0], squares)),
        ("num_steps", lambda: invert(generator_fn, x, start, squares, 0)),
        ("optimizer", lambda: invert(generator_fn, x, start, squares, 1, "sgd")),
        ("loss_fn", lambda: invert(generator_fn, x, start, lambda pred, target, delta: (pred - target) ** 2)),
        ("loss_fn", lambda: invert(lambda latent: generator_fn(latent).detach(), x, start, squares)),
        ("image", lambda: scribble_loss(x[0], x[0], mask)),
        ("sketch", lambda: scribble_loss(x, x[:, :1], mask)),
        ("mask", lambda: scribble_loss(x, x, mask[:, :, :2])),
        ("features", lambda: gram_matrix(x[0])),
        ("net", lambda: lpips_features("resnet")),
    ]
    for argument, call in cases:
        with pytest.raises(ValueError, match=f"^{argument}:"):
            call()
