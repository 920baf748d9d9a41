"""dps: gradients of linear problems in closed form and by finite differences; the loop in matrices; no leftovers."""

import gc
import math
import weakref

import pytest
import torch

from reference.ddim import sample_ddim
from reference.ddpm import predict_x0
from reference.dps import dps_gradient, dps_step, sample_dps

SHAPE = (3, 2, 5, 4)
N = 2 * 5 * 4


def linear(matrix, shape=None):
    """x -> matrix · x for each flattened sample, with the given shape per sample."""

    def apply(x):
        y = x.flatten(1) @ matrix.T
        return y if shape is None else y.reshape(len(x), *shape)

    return apply


@pytest.mark.parametrize("B", [1, 3])
def test_the_gradient_of_a_linear_problem(rand, B):
    """x0_hat = J x_t and y ≈ A x0_hat: for r = y - A J x_t the gradient is -Jᵀ Aᵀ r / ‖r‖, for each sample."""
    J, A = rand(N, N), rand(7, N)
    x_t, y = rand(B, *SHAPE[1:]).requires_grad_(), rand(B, 7)
    r = y - x_t.detach().flatten(1) @ J.T @ A.T
    expected = -(r / r.norm(dim=1, keepdim=True)) @ A @ J
    actual = dps_gradient(x_t, linear(J, SHAPE[1:])(x_t), y, linear(A))
    torch.testing.assert_close(actual.flatten(1), expected, rtol=1e-10, atol=1e-10)


def test_the_gradient_of_a_curved_problem_by_finite_differences(rand, alphas_cumprod):
    x_t, y, direction = rand(1, 2, 5, 4).requires_grad_(), rand(1, 2, 5, 4), rand(1, 2, 5, 4)

    def estimate(x):
        return predict_x0(x, torch.tanh(2 * x).roll(1, dims=3), 400, alphas_cumprod)

    def misfit(x):
        return (y - estimate(x).pow(2)).norm().item()

    h = 1e-6
    slope = (misfit(x_t.detach() + h * direction) - misfit(x_t.detach() - h * direction)) / (2 * h)
    gradient = dps_gradient(x_t, estimate(x_t), y, lambda x: x.pow(2))
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-6)


def test_samples_do_not_feel_each_other(rand):
    J, x_t, y = rand(N, N), rand(*SHAPE), rand(*SHAPE)
    estimate = linear(J, SHAPE[1:])
    together = x_t.clone().requires_grad_()
    gradient = dps_gradient(together, estimate(together), y, torch.sigmoid)
    for i in range(3):
        alone = x_t[i : i + 1].clone().requires_grad_()
        expected = dps_gradient(alone, estimate(alone), y[i : i + 1], torch.sigmoid)
        torch.testing.assert_close(gradient[i : i + 1], expected, rtol=1e-12, atol=1e-12)


def test_a_measurement_that_is_met_gives_no_correction(rand):
    x_t = rand(*SHAPE).requires_grad_()
    assert torch.equal(dps_gradient(x_t, 2 * x_t, (2 * x_t).detach(), lambda x: x), torch.zeros(SHAPE).double())


@pytest.mark.parametrize("operator", [lambda x: x[..., :2, :2], lambda x: x.mean(dim=(1, 2, 3)), lambda x: x[x > 0]])
def test_a_measurement_may_have_any_shape(rand, operator):
    """A boolean index returns no batch dimension, which is no loss for a single sample."""
    x_t = rand(1, 2, 5, 4).requires_grad_()
    y = torch.zeros_like(operator(x_t)).detach()
    (expected,) = torch.autograd.grad(operator(3 * x_t).square().sum().sqrt(), x_t)
    torch.testing.assert_close(dps_gradient(x_t, 3 * x_t, y, operator), expected, rtol=1e-12, atol=1e-12)


def test_nothing_is_left_behind(rand):
    network = torch.nn.Conv2d(2, 2, 3, padding=1).double()
    x_t, y = rand(*SHAPE).requires_grad_(), rand(*SHAPE)
    gradient = dps_gradient(x_t, network(x_t), y, lambda x: x)
    step = dps_step(rand(*SHAPE), x_t, network(x_t), y, lambda x: x, 0.5)
    assert not gradient.requires_grad
    assert not step.requires_grad
    assert x_t.grad is None
    assert all(p.grad is None for p in network.parameters())
    x_prev = rand(*SHAPE).requires_grad_()
    assert not dps_step(x_prev, x_t, network(x_t), y, lambda x: x, 0.5).requires_grad


def test_the_correction_works_where_gradients_are_off(rand):
    x_t, y = rand(*SHAPE).requires_grad_(), rand(*SHAPE)
    expected = dps_gradient(x_t, 2 * x_t, y, torch.sigmoid)
    x0_hat = 2 * x_t
    with torch.no_grad():
        assert torch.equal(dps_gradient(x_t, x0_hat, y, torch.sigmoid), expected)


@pytest.mark.parametrize("scale", [0.0, 0.5, 2.0])
def test_a_step_goes_from_x_prev_against_the_gradient_at_x_t(rand, scale):
    x_prev, x_t, y = rand(*SHAPE), rand(*SHAPE).requires_grad_(), rand(*SHAPE)
    gradient = dps_gradient(x_t, 3 * x_t, y, torch.sigmoid)
    actual = dps_step(x_prev, x_t, 3 * x_t, y, torch.sigmoid, scale)
    torch.testing.assert_close(actual, x_prev - scale * gradient, rtol=1e-14, atol=1e-14)


def test_a_step_makes_the_measurement_fit_better(rand):
    x_t, y = rand(*SHAPE).requires_grad_(), rand(*SHAPE)
    before = (y - x_t).flatten(1).norm(dim=1)
    after = (y - dps_step(x_t.detach(), x_t, 1 * x_t, y, lambda x: x, 0.1)).flatten(1).norm(dim=1)
    torch.testing.assert_close(after, before.detach() - 0.1, rtol=1e-12, atol=0)  # a unit gradient per sample


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_sample_dps_in_matrices(rand, recorded, alphas_cumprod, eta, B):
    """A linear network eps = M x and a linear operator: every line of the loop is a matrix product."""
    M, A, scale, timesteps = rand(N, N) / 4, rand(7, N), 0.3, [900, 500, 40, 3]
    x_T, y, noise_fn = rand(B, *SHAPE[1:]), rand(B, 7), recorded(rand)
    network = linear(M, SHAPE[1:])
    actual = sample_dps(lambda x, t: network(x), x_T, y, linear(A), timesteps, alphas_cumprod, scale, eta, noise_fn)
    assert len(noise_fn.draws) == (3 if eta > 0 else 0)
    draws = iter(noise_fn.draws)
    x = x_T.flatten(1)
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1], strict=True):
        abar_t, abar_prev = float(alphas_cumprod[t]), float(alphas_cumprod[t_prev]) if t_prev >= 0 else 1.0
        J = (torch.eye(N).double() - math.sqrt(1 - abar_t) * M) / math.sqrt(abar_t)
        r = y - x @ J.T @ A.T
        gradient = -(r / r.norm(dim=1, keepdim=True)) @ A @ J
        sigma = eta * math.sqrt((1 - abar_prev) / (1 - abar_t) * (1 - abar_t / abar_prev))
        z = next(draws).flatten(1) if sigma > 0 else 0
        stepped = math.sqrt(abar_prev) * x @ J.T + math.sqrt(1 - abar_prev - sigma**2) * x @ M.T + sigma * z
        x = stepped - scale * gradient
    # The network is not contracting, so rounding grows along the chain: compare relative to the result's size.
    torch.testing.assert_close(actual.flatten(1), x, rtol=1e-8, atol=1e-9 * x.abs().max().item())


def test_sample_dps_without_correction_is_ddim(rand, linear_model, alphas_cumprod):
    x_T, y = rand(*SHAPE), rand(*SHAPE)
    actual = sample_dps(linear_model, x_T, y, lambda x: x, [900, 300, 0], alphas_cumprod, scale=0.0)
    expected = sample_ddim(linear_model, x_T, [900, 300, 0], alphas_cumprod)
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


def test_sample_dps_explains_the_measurement_better_than_ddim(rand, recorded, alphas_cumprod):
    """Data N(0, 1) with the ideal network; half of the pixels are observed."""
    observed = (rand(1, 1, 8, 8) > 0).double()
    y = observed * rand(1, 1, 8, 8)

    def ideal(x_t, t):
        return (1 - alphas_cumprod[t]).sqrt() * x_t

    def misfit(scale):
        x_T = rand(1, 1, 8, 8)
        timesteps = list(range(980, -1, -20))
        noise_fn = recorded(rand)
        x0 = sample_dps(ideal, x_T, y, lambda x: observed * x, timesteps, alphas_cumprod, scale, 1.0, noise_fn)
        return (y - observed * x0).norm().item()

    assert misfit(1.0) < 0.3 * misfit(0.0)


@pytest.mark.parametrize("grad_mode", [torch.enable_grad, torch.no_grad])
def test_sample_dps_frees_each_graph_and_leaves_nothing_behind(rand, alphas_cumprod, grad_mode):
    network = torch.nn.Conv2d(2, 2, 3, padding=1).double()
    alive, most = [], []

    def model(x_t, t):
        most.append(sum(graph() is not None for graph in alive))
        eps = network(x_t)
        alive.append(weakref.ref(eps))
        return eps

    x_T = rand(*SHAPE).requires_grad_()
    gc.disable()  # reference counts alone have to do it
    try:
        with grad_mode():
            result = sample_dps(model, x_T, rand(*SHAPE), lambda x: x, [900, 600, 300, 0], alphas_cumprod)
    finally:
        gc.enable()
    assert most == [0, 0, 0, 0]
    assert not result.requires_grad
    assert x_T.grad is None
    assert all(p.grad is None for p in network.parameters())


def test_sample_dps_uses_the_whole_network(rand, alphas_cumprod):
    """A network that hides its input from autograd is refused: its Jacobian would be missing."""
    x_T = rand(1, 1, 2, 2)
    seen = []

    def model(x_t, t):
        seen.append((x_t.requires_grad, type(t)))
        return 0.5 * x_t

    sample_dps(model, x_T, x_T, lambda x: x, [5, 0], alphas_cumprod)
    assert seen == [(True, int), (True, int)]
    assert not x_T.requires_grad
