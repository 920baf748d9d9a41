"""gan_losses against binary_cross_entropy_with_logits, torch.func and closed forms of the R1 penalty."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reference.gan_losses import discriminator_loss, generator_loss, r1_penalty

EXTREME = [-100.0, -40.0, 0.0, 40.0, 100.0]
SHAPES = [(7,), (7, 1), (1,), (1, 1)]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
def test_generator_loss_is_cross_entropy_with_label_real(shape):
    fake_logits = 5 * draw(*shape)
    expected = F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))
    torch.testing.assert_close(generator_loss(fake_logits), expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("real_shape", SHAPES)
@pytest.mark.parametrize("fake_shape", [(7,), (7, 1), (3,), (3, 1)])
def test_discriminator_loss_is_the_sum_of_two_cross_entropies(real_shape, fake_shape):
    real_logits, fake_logits = 5 * draw(*real_shape), 5 * draw(*fake_shape, seed=1)
    expected = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    expected = expected + F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    torch.testing.assert_close(discriminator_loss(real_logits, fake_logits), expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("logit", EXTREME)
def test_extreme_logits_have_exact_values_and_gradients(logit, dtype):
    tolerance = {"rtol": 4 * torch.finfo(dtype).eps, "atol": 1e-40}
    softplus = {sign: np.logaddexp(0, sign * logit) for sign in (-1, 1)}
    # d softplus(u) / du = sigmoid(u), written so that neither end loses its digits.
    sigmoid = {sign: math.exp(-np.logaddexp(0, -sign * logit)) for sign in (-1, 1)}

    def value_and_gradient(loss_fn):
        leaf = torch.tensor([logit], dtype=dtype, requires_grad=True)
        loss = loss_fn(leaf)
        (gradient,) = torch.autograd.grad(loss, leaf)
        assert loss.dtype == gradient.dtype == dtype
        return loss.detach(), gradient[0]

    other = torch.zeros(1, dtype=dtype)
    cases = [
        (generator_loss, softplus[-1], -sigmoid[-1]),
        (lambda x: discriminator_loss(x, other), softplus[-1] + math.log(2), -sigmoid[-1]),
        (lambda x: discriminator_loss(other, x), math.log(2) + softplus[1], sigmoid[1]),
    ]
    for loss_fn, value, slope in cases:
        loss, gradient = value_and_gradient(loss_fn)
        torch.testing.assert_close(loss, torch.tensor(value, dtype=dtype), **tolerance)
        torch.testing.assert_close(gradient, torch.tensor(slope, dtype=dtype), **tolerance)


def test_losses_keep_full_precision_between_20_and_40():
    # Where PyTorch's softplus, at its default threshold, drops 2e-9.
    logits = torch.linspace(15, 45, 31, dtype=torch.float64)
    expected = np.logaddexp(0, logits.numpy())
    losses = [generator_loss(-logits[i : i + 1]).item() for i in range(31)]
    np.testing.assert_allclose(losses, expected, rtol=3e-16)


def test_losses_are_means_over_their_own_batch():
    fake_logits = draw(5)
    each = torch.stack([generator_loss(fake_logits[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(generator_loss(fake_logits), each.mean())
    # Twice as many copies of the same fakes change nothing.
    real_logits = draw(3, seed=1)
    torch.testing.assert_close(
        discriminator_loss(real_logits, fake_logits), discriminator_loss(real_logits, fake_logits.repeat(2))
    )


def test_each_player_wants_the_opposite_of_fakes():
    low, high, real = torch.tensor([-1.0]), torch.tensor([1.0]), torch.zeros(1)
    assert generator_loss(high) < generator_loss(low)
    assert discriminator_loss(real, high) > discriminator_loss(real, low)
    assert discriminator_loss(high, real) < discriminator_loss(low, real)


def test_gradcheck():
    real_logits, fake_logits = draw(4).requires_grad_(), draw(3, 1, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(generator_loss, fake_logits)
    assert torch.autograd.gradcheck(discriminator_loss, (real_logits, fake_logits))


@pytest.mark.parametrize("shape", [(4, 3, 5, 6), (1, 1, 3, 2)])
@pytest.mark.parametrize("column", [False, True])
def test_r1_of_a_linear_discriminator(shape, column):
    # D(x) = <a, x>, so that the gradient is a for every image, and the penalty's own gradient in a is gamma a.
    a = draw(*shape[1:], seed=1).requires_grad_()
    real_images = draw(*shape).requires_grad_()
    real_logits = (a * real_images).sum(dim=(1, 2, 3))
    penalty = r1_penalty(real_images, real_logits[:, None] if column else real_logits, 3.0)
    torch.testing.assert_close(penalty, 1.5 * a.detach().square().sum())
    torch.testing.assert_close(torch.autograd.grad(penalty, a)[0], 3.0 * a.detach())


def test_r1_of_a_quadratic_discriminator():
    # D(x) = x'Ax / 2 with symmetric A: the gradient is Ax, the penalty gamma / 2 mean |Ax|².
    batch, shape = 4, (2, 3, 5)
    root = draw(30, 30, seed=1)
    matrix = (root + root.T).requires_grad_()
    real_images = draw(batch, *shape).requires_grad_()
    flat = real_images.flatten(1)
    penalty = r1_penalty(real_images, ((flat @ matrix) * flat).sum(dim=1) / 2, 10.0)
    a, x = matrix.detach().numpy(), flat.detach().numpy()
    np.testing.assert_allclose(penalty.item(), 5.0 * np.mean(np.sum((x @ a) ** 2, axis=1)), rtol=1e-12)
    # Autograd sees x'Ax/2 with free A, whose gradient in x is (A + A')x/2; the derivative of the penalty follows.
    (gradient,) = torch.autograd.grad(penalty, matrix)
    outer = 10.0 * np.einsum("bi,bj->ij", x @ a, x) / batch
    np.testing.assert_allclose(gradient.numpy(), (outer + outer.T) / 2, rtol=1e-10, atol=1e-10)


def test_r1_agrees_with_torch_func():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Softplus(), nn.Flatten(), nn.Linear(4 * 3 * 2, 1)).double()
    images = draw(3, 2, 5, 4)
    parameters = dict(model.named_parameters())

    def penalty_of(parameters):
        def logit(image):
            return torch.func.functional_call(model, parameters, (image[None],)).squeeze()

        gradients = torch.func.vmap(torch.func.grad(logit))(images)
        return 0.7 / 2 * gradients.flatten(1).square().sum(dim=1).mean()

    expected_gradients, expected = torch.func.grad_and_value(penalty_of)(parameters)
    real_images = images.clone().requires_grad_()
    penalty = r1_penalty(real_images, model(real_images), 0.7)
    torch.testing.assert_close(penalty, expected)
    gradients = torch.autograd.grad(penalty, list(model.parameters()), allow_unused=True)
    for (name, parameter), gradient in zip(model.named_parameters(), gradients):
        gradient = torch.zeros_like(parameter) if gradient is None else gradient  # the last bias has no influence
        torch.testing.assert_close(gradient, expected_gradients[name], msg=name)


def test_r1_is_a_mean_over_the_batch():
    images = draw(3, 2, 4, 5)

    def penalty_of(batch):
        batch = batch.clone().requires_grad_()
        return r1_penalty(batch, batch.pow(3).sum(dim=(1, 2, 3)), 2.0).detach()

    each = torch.stack([penalty_of(images[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(penalty_of(images), each.mean())


def test_r1_leaves_no_grad_and_no_change():
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 1)).double()
    real_images = draw(2, 1, 2, 3).requires_grad_()
    before = real_images.detach().clone()
    r1_penalty(real_images, model(real_images), 1.0)
    assert real_images.grad is None and all(p.grad is None for p in model.parameters())
    assert torch.equal(real_images.detach(), before)


def test_r1_gradcheck_in_the_parameters():
    images = draw(2, 1, 2, 3)

    def penalty_of(weight):
        real_images = images.clone().requires_grad_()
        return r1_penalty(real_images, torch.tanh(real_images.flatten(1) @ weight).sum(dim=1), 2.0)

    assert torch.autograd.gradcheck(penalty_of, draw(6, 3, seed=2).requires_grad_())


@pytest.mark.bad_input
@pytest.mark.parametrize("logits", [torch.zeros(2, 2), torch.zeros(()), torch.zeros(0), torch.zeros(2).long(), [0.0]])
def test_bad_logits(logits):
    good = torch.zeros(2)
    with pytest.raises(ValueError, match="fake_logits"):
        generator_loss(logits)
    with pytest.raises(ValueError, match="fake_logits"):
        discriminator_loss(good, logits)
    with pytest.raises(ValueError, match="real_logits"):
        discriminator_loss(logits, good)


@pytest.mark.bad_input
def test_bad_r1_arguments():
    images = torch.zeros(2, 1, 2, 3, requires_grad=True)
    logits = images.sum(dim=(1, 2, 3))
    cases = [
        ("real_images", (images.flatten(1), logits, 1.0)),
        ("real_images", (images.detach(), logits, 1.0)),
        ("real_logits", (images, logits[:1], 1.0)),
        ("real_logits", (images, logits.detach(), 1.0)),
        ("real_logits", (images, torch.zeros(2, requires_grad=True) + 1, 1.0)),
        ("gamma", (images, logits, -1.0)),
        ("gamma", (images, logits, float("nan"))),
    ]
    for argument, arguments in cases:
        with pytest.raises(ValueError, match=f"^{argument}:"):
            r1_penalty(*arguments)
