"""noising: against diffusers' tables, numpy, and the forward process taken one step at a time."""

import math

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st

from reference.ddpm import predict_x0
from reference.noising import (
    add_noise,
    cosine_betas,
    cumulative_alphas,
    linear_betas,
    scaled_linear_betas,
    strided_timesteps,
)

SCHEDULES = {
    "linear": lambda T: linear_betas(T),
    "scaled_linear": lambda T: scaled_linear_betas(T, 0.0001, 0.02),  # diffusers' default ends
    "squaredcos_cap_v2": lambda T: cosine_betas(T),
}


@pytest.mark.parametrize("T", [2, 10, 300, 1000])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_betas_and_their_product_match_diffusers(schedule, T):
    theirs = DDPMScheduler(num_train_timesteps=T, beta_schedule=schedule)
    betas = SCHEDULES[schedule](T)
    assert betas.shape == (T,)
    # Their linspace runs in float32 and is then squared: a few units in the last place of beta_end.
    torch.testing.assert_close(betas, theirs.betas, rtol=1e-5, atol=4 * 2**-24 * 0.02)
    torch.testing.assert_close(cumulative_alphas(betas), theirs.alphas_cumprod, rtol=1e-4, atol=1e-7)


def test_default_ends():
    assert linear_betas()[[0, -1]].tolist() == pytest.approx([1e-4, 0.02], rel=1e-6)
    assert scaled_linear_betas()[[0, -1]].tolist() == pytest.approx([0.00085, 0.012], rel=1e-6)
    assert len(linear_betas()) == len(scaled_linear_betas()) == len(cosine_betas()) == 1000


def test_linear_betas_are_not_rescaled_with_their_number():
    assert linear_betas(10)[-1].item() == pytest.approx(0.02)


def test_one_step_is_enough():
    assert linear_betas(1, 0.1, 0.2).tolist() == pytest.approx([0.1])
    assert len(cosine_betas(1)) == 1


def test_scaled_linear_has_evenly_spaced_roots():
    gaps = scaled_linear_betas(50, 0.01, 0.25).double().sqrt().diff()
    torch.testing.assert_close(gaps, torch.full_like(gaps, (0.5 - 0.1) / 49), rtol=1e-4, atol=0)


@pytest.mark.parametrize("offset", [0.0, 0.008, 0.1])
def test_cosine_betas_multiply_to_a_squared_cosine(offset):
    T = 400
    abar = np.cumprod(1 - cosine_betas(T, offset).double().numpy())
    u = np.arange(1, T + 1) / T
    f = np.cos((u + offset) / (1 + offset) * math.pi / 2) ** 2 / np.cos(offset / (1 + offset) * math.pi / 2) ** 2
    np.testing.assert_allclose(abar[:-1], f[:-1], rtol=1e-3, atol=1e-6)  # the last beta is bounded


def test_cosine_betas_are_bounded_by_max_beta():
    betas = cosine_betas(20, max_beta=0.4)
    assert betas.max().item() == pytest.approx(0.4)
    torch.testing.assert_close(betas, cosine_betas(20).clamp(max=0.4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cumulative_alphas_is_the_running_product_of_what_is_kept(dtype):
    betas = torch.tensor([0.1, 0.5, 0.2, 0.9], dtype=dtype)
    abar = cumulative_alphas(betas)
    assert abar.dtype == dtype
    np.testing.assert_allclose(abar.numpy(), np.cumprod(1 - betas.numpy()), rtol=1e-6)


@given(st.integers(1, 1200), st.data())
def test_strided_timesteps_are_multiples_of_the_stride_down_to_0(T, data):
    S = data.draw(st.integers(1, T))
    timesteps = strided_timesteps(T, S)
    assert all(type(t) is int for t in timesteps)
    assert timesteps == list(range(0, S * (T // S), T // S))[::-1]


@pytest.mark.parametrize("T, S", [(1000, 1), (1000, 7), (1000, 50), (1000, 1000), (300, 33)])
def test_strided_timesteps_match_diffusers(T, S):
    theirs = DDPMScheduler(num_train_timesteps=T, timestep_spacing="leading", steps_offset=0)
    theirs.set_timesteps(S)
    assert strided_timesteps(T, S) == theirs.timesteps.tolist()


@pytest.mark.parametrize("shape", [(3, 2, 5, 4), (3, 2, 5, 3), (3, 1, 3, 3)])  # also where W or H equals B
def test_add_noise_matches_diffusers(rand, diffusers_scheduler, shape):
    theirs = diffusers_scheduler(DDPMScheduler, "linear")
    x0, noise, t = rand(*shape), rand(*shape), torch.tensor([0, 999, 430])
    expected = theirs.add_noise(x0, noise, t)
    torch.testing.assert_close(add_noise(x0, noise, t, theirs.alphas_cumprod), expected, rtol=1e-12, atol=0)


def test_add_noise_with_one_timestep_per_sample_is_sample_by_sample(rand, alphas_cumprod):
    x0, noise, t = rand(3, 2, 5, 3), rand(3, 2, 5, 3), [7, 990, 500]
    together = add_noise(x0, noise, torch.tensor(t), alphas_cumprod)
    for i in range(3):
        alone = add_noise(x0[i : i + 1], noise[i : i + 1], t[i], alphas_cumprod)
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-14, atol=0)


def test_add_noise_is_the_chain_of_single_steps():
    """x ← √(1-β) x + √β z, step by step: the mean's factor and the variance follow in closed form."""
    betas = np.linspace(0.01, 0.3, 12)
    abar = torch.from_numpy(np.cumprod(1 - betas))
    one, zero = torch.ones(1, 1, 1, 1).double(), torch.zeros(1, 1, 1, 1).double()
    mean, variance = 1.0, 0.0
    for t, beta in enumerate(betas):
        mean, variance = math.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
        assert add_noise(one, zero, t, abar).item() == pytest.approx(mean, rel=1e-12)
        assert add_noise(zero, one, t, abar).item() ** 2 == pytest.approx(variance, rel=1e-12)


def test_add_noise_is_undone_by_predict_x0(rand, alphas_cumprod):
    x0, noise = rand(2, 3, 4, 5), rand(2, 3, 4, 5)
    for t in (0, 500, 999, torch.tensor([3, 998])):
        x_t = add_noise(x0, noise, t, alphas_cumprod)
        torch.testing.assert_close(predict_x0(x_t, noise, t, alphas_cumprod), x0, rtol=0, atol=1e-12)


def test_add_noise_is_differentiable_in_image_and_noise(rand, alphas_cumprod):
    x0, noise = rand(2, 1, 3, 2).requires_grad_(), rand(2, 1, 3, 2).requires_grad_()
    for t in (600, torch.tensor([3, 998])):
        assert torch.autograd.gradcheck(lambda x, z, t=t: add_noise(x, z, t, alphas_cumprod), (x0, noise))
