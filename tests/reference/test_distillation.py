"""distillation: the weights and residuals spelled out, and the surrogate's gradient to the last bit."""

import pytest
import torch

from reference.distillation import sds_residual, sds_weight, surrogate_loss, vsd_residual
from reference.noising import add_noise

SHAPE = (3, 2, 5, 3)  # the width equals the batch: a (B,) weight in the wrong place would go unnoticed otherwise
RESIDUALS = [sds_residual, vsd_residual]


@pytest.mark.parametrize("t", [0, 30, 999])
def test_the_weight_is_the_variance_of_the_noise(alphas_cumprod, t):
    weight = sds_weight(t, alphas_cumprod)
    assert weight.shape == ()
    assert weight.item() == pytest.approx(1 - float(alphas_cumprod[t]), rel=1e-12)


def test_one_weight_per_sample(alphas_cumprod):
    t = torch.tensor([999, 0, 30])
    weights = sds_weight(t, alphas_cumprod)
    assert weights.tolist() == [sds_weight(i, alphas_cumprod).item() for i in t.tolist()]


@pytest.mark.parametrize("residual_function", RESIDUALS)
def test_a_residual_is_a_weighted_difference(rand, alphas_cumprod, residual_function):
    first, second = rand(*SHAPE), rand(*SHAPE)
    for t in (0, 400, 999):
        expected = (1 - float(alphas_cumprod[t])) * (first - second)
        actual = residual_function(first, second, t, alphas_cumprod)
        torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("residual_function", RESIDUALS)
def test_a_residual_with_one_timestep_per_sample_is_sample_by_sample(rand, alphas_cumprod, residual_function):
    first, second, t = rand(*SHAPE), rand(*SHAPE), [7, 990, 500]
    together = residual_function(first, second, torch.tensor(t), alphas_cumprod)
    for i in range(3):
        alone = residual_function(first[i : i + 1], second[i : i + 1], t[i], alphas_cumprod)
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-14, atol=0)


@pytest.mark.parametrize("residual_function", RESIDUALS)
def test_a_residual_is_detached(rand, alphas_cumprod, residual_function):
    first, second = rand(*SHAPE).requires_grad_(), rand(*SHAPE).requires_grad_()
    residual = residual_function(first, second, 400, alphas_cumprod)
    assert not residual.requires_grad


@pytest.mark.parametrize("B", [1, 3, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_surrogates_gradient_is_the_residual_over_the_batch(rand, dtype, B):
    x, residual = rand(B, 2, 5, 4, dtype=dtype).requires_grad_(), rand(B, 2, 5, 4, dtype=dtype)
    surrogate_loss(x, residual).backward()
    torch.testing.assert_close(x.grad, residual / B, rtol=4 * torch.finfo(dtype).eps, atol=0)


def test_a_small_residual_beside_a_large_image_survives():
    """In float32 1000 - (1000 - 1e-6) is 0."""
    x, residual = torch.full((1, 1, 1, 1), 1000.0, requires_grad=True), torch.full((1, 1, 1, 1), 1e-6)
    surrogate_loss(x, residual).backward()
    assert x.grad.item() == pytest.approx(1e-6, rel=1e-6)


def test_the_surrogates_value_is_half_the_sum_of_squares_over_the_batch(rand):
    x, residual = rand(*SHAPE), rand(*SHAPE)
    loss = surrogate_loss(x, residual)
    assert loss.shape == ()
    assert loss.item() == pytest.approx(0.5 * residual.square().sum().item() / 3, rel=1e-12)


def test_nothing_flows_into_the_residual(rand):
    x, residual = rand(*SHAPE).requires_grad_(), rand(*SHAPE).requires_grad_()
    surrogate_loss(x, residual).backward()
    assert residual.grad is None
    assert x.grad is not None


def test_the_surrogate_reaches_the_parameters_behind_the_image(rand):
    """x = θ · pattern: the chain rule gives ∂L/∂θ = Σ pattern · residual / B."""
    theta, pattern, residual = torch.tensor(2.0).double().requires_grad_(), rand(*SHAPE), rand(*SHAPE)
    surrogate_loss(theta * pattern, residual).backward()
    assert theta.grad.item() == pytest.approx((pattern * residual).sum().item() / 3, rel=1e-12)


def test_descending_along_the_sds_residual_reaches_the_mode(rand, alphas_cumprod):
    """For data N(m, s²) the ideal eps pulls towards m, whatever the noise on average: noise and its negative."""
    m, s = 0.4, 0.3
    x = rand(1, 1, 3, 4)
    for step in range(300):
        t = (37 * step) % 900 + 50
        noise = rand(1, 1, 3, 4)
        residual = torch.zeros_like(x)
        for z in (noise, -noise):
            abar_t = alphas_cumprod[t]
            x_t = add_noise(x, z, t, alphas_cumprod)
            eps = (1 - abar_t).sqrt() * (x_t - abar_t.sqrt() * m) / (s**2 * abar_t + 1 - abar_t)
            residual += sds_residual(eps, z, t, alphas_cumprod) / 2
        x = x - residual
    torch.testing.assert_close(x, torch.full_like(x, m), rtol=0, atol=1e-3)
