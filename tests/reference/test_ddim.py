"""ddim: against diffusers in float64 over schedules, steps and eta; DDPM at eta = 1; marginals in closed form."""

import math

import pytest
import torch
from diffusers import DDIMScheduler

from reference.ddim import _fused_step, ddim_sigma, ddim_step, sample_ddim
from reference.ddpm import posterior_step, predict_x0, sample_ddpm
from reference.noising import add_noise, strided_timesteps

SCHEDULES = ["linear", "scaled_linear", "squaredcos_cap_v2"]
ETAS = [0.0, 0.5, 1.0]
PAIRS = [(30, 0), (60, 30), (1, 0), (500, 480), (990, 960), (999, 0), (999, -1), (0, -1)]


@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("t, t_prev", PAIRS)
def test_ddim_sigma_is_equation_16(alphas_cumprod, t, t_prev, eta):
    abar_t, abar_prev = float(alphas_cumprod[t]), float(alphas_cumprod[t_prev]) if t_prev >= 0 else 1.0
    expected = eta * math.sqrt((1 - abar_prev) / (1 - abar_t)) * math.sqrt(1 - abar_t / abar_prev)
    assert ddim_sigma(t, t_prev, alphas_cumprod, eta).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("t, t_prev", PAIRS)
def test_at_eta_1_a_step_is_ddpms(rand, alphas_cumprod, t, t_prev):
    x_t, eps, noise = rand(3, 2, 5, 4), rand(3, 2, 5, 4), rand(3, 2, 5, 4)
    x0 = predict_x0(x_t, eps, t, alphas_cumprod)
    expected = posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)
    actual = ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=1.0)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("t, t_prev", [pair for pair in PAIRS if pair[1] >= 0])
def test_a_step_keeps_the_marginal(alphas_cumprod, t, t_prev, eta):
    """With the true noise, x_prev has the mean √ᾱ_prev x0 and the variance 1-ᾱ_prev for every eta."""
    one, zero = torch.ones(1, 1, 1, 1).double(), torch.zeros(1, 1, 1, 1).double()

    def chain(x0, eps, z):
        x_t = add_noise(x0, eps, t, alphas_cumprod)
        return ddim_step(x_t, eps, z, t, t_prev, alphas_cumprod, eta).item()

    assert chain(one, zero, zero) == pytest.approx(math.sqrt(alphas_cumprod[t_prev]), rel=1e-10)
    variance = chain(zero, one, zero) ** 2 + chain(zero, zero, one) ** 2
    assert variance == pytest.approx(1 - float(alphas_cumprod[t_prev]), rel=1e-9)


def test_with_the_true_noise_eta_0_lands_on_the_forward_process(rand, alphas_cumprod):
    x0, eps = rand(2, 3, 4, 5), rand(2, 3, 4, 5)
    x_t = add_noise(x0, eps, 990, alphas_cumprod)
    x_prev = ddim_step(x_t, eps, rand(2, 3, 4, 5), 990, 30, alphas_cumprod)
    torch.testing.assert_close(x_prev, add_noise(x0, eps, 30, alphas_cumprod), rtol=0, atol=1e-10)


@pytest.mark.parametrize("eta", ETAS)
def test_the_step_to_the_clean_image_is_the_estimate(rand, alphas_cumprod, eta):
    x_t, eps, noise = rand(2, 3, 4, 5), rand(2, 3, 4, 5), rand(2, 3, 4, 5)
    x0 = predict_x0(x_t, eps, 20, alphas_cumprod)
    actual = ddim_step(x_t, eps, noise, 20, -1, alphas_cumprod, eta)
    torch.testing.assert_close(actual, x0, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("t, t_prev", PAIRS)
def test_the_samplers_fused_step_is_the_formula(rand, alphas_cumprod, t, t_prev, eta, dtype):
    """To a few roundings of the terms, of which x_t / √ᾱ_t is the largest."""
    abar = alphas_cumprod.to(dtype)
    x_t, eps, noise = (rand(3, 2, 5, 4, dtype=dtype) for _ in range(3))
    with_noise = eta > 0 and t_prev >= 0
    x0 = predict_x0(x_t, eps, t, abar)
    fused = _fused_step(x0, eps, noise if with_noise else None, t, t_prev, abar, eta)
    largest = x0.abs().max() + eps.abs().max() + noise.abs().max()
    allowed = 4 * torch.finfo(dtype).eps * largest.item()
    torch.testing.assert_close(ddim_step(x_t, eps, noise, t, t_prev, abar, eta), fused, rtol=0, atol=allowed)


def test_noise_without_weight_has_no_effect(rand, alphas_cumprod):
    x_t, eps, nan = rand(1, 1, 2, 3), rand(1, 1, 2, 3), torch.full((1, 1, 2, 3), math.nan).double()
    assert ddim_step(x_t, eps, nan, 500, 400, alphas_cumprod).isfinite().all()
    assert ddim_step(x_t, eps, nan, 500, -1, alphas_cumprod, eta=1.0).isfinite().all()


@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("num_steps", [10, 50, 1000])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ddim_step_matches_diffusers(rand, diffusers_scheduler, schedule, num_steps, eta):
    theirs = diffusers_scheduler(DDIMScheduler, schedule, num_steps, set_alpha_to_one=True)
    timesteps = strided_timesteps(1000, num_steps)
    for i in sorted({0, 1, num_steps // 2, num_steps - 2, num_steps - 1}):
        t, t_prev = timesteps[i], [*timesteps, -1][i + 1]
        x_t, eps, noise = rand(3, 2, 5, 4), rand(3, 2, 5, 4), rand(3, 2, 5, 4)
        expected = theirs.step(eps, t, x_t, eta=eta, variance_noise=noise).prev_sample
        actual = ddim_step(x_t, eps, noise, t, t_prev, theirs.alphas_cumprod, eta)
        torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ddim_step_matches_diffusers_in_float32(rand, diffusers_scheduler, schedule, eta):
    theirs = diffusers_scheduler(DDIMScheduler, schedule, 50, widen=False, set_alpha_to_one=True)
    abar = theirs.alphas_cumprod
    for t, t_prev in [(980, 960), (500, 480), (20, 0), (0, -1)]:
        x_t, eps, noise = (rand(3, 2, 5, 4, dtype=torch.float32) for _ in range(3))
        expected = theirs.step(eps, t, x_t, eta=eta, variance_noise=noise).prev_sample
        actual = ddim_step(x_t, eps, noise, t, t_prev, abar, eta)
        # Each of their roots is good to a few 2⁻²⁴ of its argument's terms. √(1-ᾱ_prev-σ²) and σ are the delicate
        # ones: an error e under a root is e / (2 root) after it.
        abar_prev = float(abar[t_prev]) if t_prev >= 0 else 1.0
        abar_t = float(abar[t])
        sigma = eta * math.sqrt((1 - abar_prev) / (1 - abar_t) * (1 - abar_t / abar_prev))
        direction = math.sqrt(max(1 - abar_prev - sigma**2, 0))
        roots = sum(1 / (2 * root) for root in (sigma, direction) if root > 0)
        predicted = math.sqrt(abar_prev / abar_t) * (x_t.abs().max() + eps.abs().max()).item()
        tolerance = 2**-24 * (8 * predicted + 4 * roots * max(eps.abs().max().item(), noise.abs().max().item()))
        assert (actual - expected).abs().max().item() <= tolerance < 2e-3


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("num_steps", [5, 50])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_sample_ddim_matches_diffusers(
    rand, diffusers_scheduler, recorded, linear_model, schedule, num_steps, eta, clip
):
    """With clip_sample their direction term keeps the raw eps too (use_clipped_model_output is off)."""
    theirs = diffusers_scheduler(DDIMScheduler, schedule, num_steps, set_alpha_to_one=True, clip_sample=clip)
    x_T, noise_fn = rand(3, 2, 5, 4), recorded(rand)
    timesteps = strided_timesteps(1000, num_steps)
    actual = sample_ddim(linear_model, x_T, timesteps, theirs.alphas_cumprod, eta, noise_fn, clip_x0=clip)
    assert len(noise_fn.draws) == (num_steps - 1 if eta > 0 else 0)
    draws = iter([*noise_fn.draws, torch.zeros_like(x_T)])  # the last step's noise has weight 0
    expected = x_T
    for t in theirs.timesteps.tolist():
        noise = next(draws) if eta > 0 else None
        expected = theirs.step(linear_model(expected, t), t, expected, eta=eta, variance_noise=noise).prev_sample
    torch.testing.assert_close(actual, expected, rtol=1e-8, atol=1e-8)
    assert not clip or actual.abs().max() <= 1


def test_sample_ddim_at_eta_1_is_sample_ddpm(rand, recorded, linear_model, alphas_cumprod):
    x_T, noise_fn = rand(2, 3, 4, 5), recorded(rand)
    ddim = sample_ddim(linear_model, x_T, [900, 600, 30, 0], alphas_cumprod, 1.0, noise_fn)
    draws = iter(noise_fn.draws)
    ddpm = sample_ddpm(linear_model, x_T, [900, 600, 30, 0], alphas_cumprod, lambda x: next(draws))
    torch.testing.assert_close(ddim, ddpm, rtol=1e-10, atol=1e-10)


def test_sample_ddim_follows_the_probability_flow(rand, alphas_cumprod):
    """For data N(0, s²) and the ideal eps, eta = 0 in many steps scales noise by the ratio of standard deviations."""
    s = 0.5

    def ideal(x_t, t):
        abar_t = alphas_cumprod[t]
        return (1 - abar_t).sqrt() * x_t / (s**2 * abar_t + 1 - abar_t)

    x_T = rand(1, 1, 4, 4)
    result = sample_ddim(ideal, x_T, list(range(999, -1, -1)), alphas_cumprod)
    abar_T = float(alphas_cumprod[999])
    torch.testing.assert_close(result, s / math.sqrt(s**2 * abar_T + 1 - abar_T) * x_T, rtol=0.01, atol=0)


def test_sample_ddim_asks_for_each_timestep_once_with_an_int(rand, alphas_cumprod):
    for clip in (False, True):
        seen = []

        def model(x_t, t, seen=seen):
            seen.append(t)
            return x_t

        sample_ddim(model, rand(1, 1, 2, 2), [900, 40, 3], alphas_cumprod, clip_x0=clip)
        assert seen == [900, 40, 3]
        assert all(type(t) is int for t in seen)


def test_a_step_passes_gradients_on(rand, alphas_cumprod):
    inputs = tuple(rand(1, 1, 2, 3).requires_grad_() for _ in range(3))
    assert torch.autograd.gradcheck(lambda *args: ddim_step(*args, 500, 300, alphas_cumprod, 0.5), inputs)
