"""ddpm: against diffusers in float64, Bayes' rule in closed form and by sampling, and data with a known answer."""

import math

import pytest
import torch
from diffusers import DDPMScheduler

from reference.ddpm import posterior_step, posterior_variance, predict_x0, sample_ddpm
from reference.noising import add_noise, strided_timesteps

SCHEDULES = ["linear", "scaled_linear", "squaredcos_cap_v2"]
PAIRS = [(30, 0), (60, 30), (1, 0), (500, 480), (990, 960), (999, 998), (999, 0)]


def stride(t, t_prev, alphas_cumprod):
    """(abar_t, abar_prev, alpha, beta) as floats, spelled out once more."""
    abar_t = float(alphas_cumprod[t])
    abar_prev = float(alphas_cumprod[t_prev]) if t_prev >= 0 else 1.0
    return abar_t, abar_prev, abar_t / abar_prev, 1 - abar_t / abar_prev


def test_predict_x0_with_one_timestep_per_sample_is_sample_by_sample(rand, alphas_cumprod):
    x_t, eps, t = rand(3, 2, 5, 3), rand(3, 2, 5, 3), [0, 990, 500]
    together = predict_x0(x_t, eps, torch.tensor(t), alphas_cumprod)
    for i in range(3):
        abar_t = float(alphas_cumprod[t[i]])
        expected = (x_t[i] - math.sqrt(1 - abar_t) * eps[i]) / math.sqrt(abar_t)
        torch.testing.assert_close(together[i], expected, rtol=1e-12, atol=1e-12)


def test_predict_x0_is_not_clipped(alphas_cumprod):
    x_t = torch.full((1, 1, 1, 1), 2.0).double()
    assert predict_x0(x_t, torch.zeros_like(x_t), 999, alphas_cumprod).item() > 100


def test_predict_x0_is_differentiable(rand, alphas_cumprod):
    x_t, eps = rand(2, 1, 3, 2).requires_grad_(), rand(2, 1, 3, 2).requires_grad_()
    for t in (600, torch.tensor([3, 998])):
        assert torch.autograd.gradcheck(lambda x, e, t=t: predict_x0(x, e, t, alphas_cumprod), (x_t, eps))


@pytest.mark.parametrize("t, t_prev", PAIRS)
def test_posterior_is_bayes_rule(rand, alphas_cumprod, t, t_prev):
    """Prior N(√ᾱ_prev x0, 1-ᾱ_prev) times likelihood N(x_t; √α x_prev, β): precisions add."""
    _, abar_prev, alpha, beta = stride(t, t_prev, alphas_cumprod)
    precision = 1 / (1 - abar_prev) + alpha / beta
    x_t, x0 = rand(3, 2, 5, 4), rand(3, 2, 5, 4)
    mean = (math.sqrt(abar_prev) / (1 - abar_prev) * x0 + math.sqrt(alpha) / beta * x_t) / precision
    zero = torch.zeros_like(x_t)
    assert posterior_variance(t, t_prev, alphas_cumprod).item() == pytest.approx(1 / precision, rel=1e-9)
    actual = posterior_step(x_t, x0, zero, t, t_prev, alphas_cumprod)
    torch.testing.assert_close(actual, mean, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("t, t_prev", [(30, 0), (500, 100)])
def test_posterior_is_what_sampling_the_forward_process_shows(rand, alphas_cumprod, t, t_prev):
    """Draw x_prev given x0, then x_t given x_prev; regress x_prev on x_t."""
    x0, n = 0.7, 400_000
    _, abar_prev, alpha, beta = stride(t, t_prev, alphas_cumprod)
    x_prev = math.sqrt(abar_prev) * x0 + math.sqrt(1 - abar_prev) * rand(n)
    x_t = math.sqrt(alpha) * x_prev + math.sqrt(beta) * rand(n)
    covariance = torch.cov(torch.stack([x_prev, x_t]))
    slope = covariance[0, 1] / covariance[1, 1]
    residual = x_prev - x_prev.mean() - slope * (x_t - x_t.mean())

    def step(x, z):
        full = [torch.full((1, 1, 1, 1), v, dtype=torch.float64) for v in (x, x0, z)]
        return posterior_step(*full, t, t_prev, alphas_cumprod).item()

    # The standard error of residual's spread is its spread / √2n; 5 of them.
    spread = residual.std().item()
    assert step(0.0, 1.0) - step(0.0, 0.0) == pytest.approx(spread, rel=5 / math.sqrt(2 * n))
    slope_error = spread / (x_t.std().item() * math.sqrt(n))
    assert step(1.0, 0.0) - step(0.0, 0.0) == pytest.approx(slope.item(), abs=5 * slope_error)
    at_mean = step(x_t.mean().item(), 0.0)
    assert at_mean == pytest.approx(x_prev.mean().item(), abs=5 * spread / math.sqrt(n))


def test_fixed_small_differs_from_fixed_large_at_low_t(alphas_cumprod):
    deviation = posterior_variance(30, 0, alphas_cumprod).sqrt().item()
    beta = stride(30, 0, alphas_cumprod)[3]
    assert deviation == pytest.approx(0.010, abs=5e-4)
    assert math.sqrt(beta) == pytest.approx(0.110, abs=5e-3)


@pytest.mark.parametrize("t", [0, 30, 999])
def test_the_last_step_is_the_estimate_itself(rand, alphas_cumprod, t):
    x_t, x0, noise = rand(2, 3, 4, 5), rand(2, 3, 4, 5), rand(2, 3, 4, 5)
    assert torch.equal(posterior_step(x_t, x0, noise, t, -1, alphas_cumprod), x0)
    assert posterior_variance(t, -1, alphas_cumprod).item() == 0


@pytest.mark.parametrize("num_steps", [10, 50, 1000])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_posterior_step_matches_diffusers(rand, diffusers_scheduler, schedule, num_steps):
    theirs = diffusers_scheduler(DDPMScheduler, schedule, num_steps)
    timesteps = strided_timesteps(1000, num_steps)
    for i in sorted({0, 1, num_steps // 2, num_steps - 2, num_steps - 1}):
        t, t_prev = timesteps[i], [*timesteps, -1][i + 1]
        x_t, eps = rand(3, 2, 5, 4), rand(3, 2, 5, 4)
        noise = torch.randn(3, 2, 5, 4, generator=torch.Generator().manual_seed(t), dtype=torch.float64)
        expected = theirs.step(eps, t, x_t, generator=torch.Generator().manual_seed(t))
        x0 = predict_x0(x_t, eps, t, theirs.alphas_cumprod)
        scale = x0.abs().max().item()  # up to 10⁴ where hardly any signal is left
        torch.testing.assert_close(x0, expected.pred_original_sample, rtol=1e-10, atol=1e-12 * scale)
        actual = posterior_step(x_t, x0, noise, t, t_prev, theirs.alphas_cumprod)
        # Their variance has a floor of 1e-20, and none is added on the step to -1.
        torch.testing.assert_close(actual, expected.prev_sample, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_posterior_step_matches_diffusers_in_float32(rand, diffusers_scheduler, schedule):
    theirs = diffusers_scheduler(DDPMScheduler, schedule, 50, widen=False)
    abar = theirs.alphas_cumprod
    for t, t_prev in [(980, 960), (500, 480), (20, 0), (0, -1)]:
        x_t, eps = (rand(3, 2, 5, 4, dtype=torch.float32) for _ in range(2))
        noise = torch.randn(3, 2, 5, 4, generator=torch.Generator().manual_seed(t))
        expected = theirs.step(eps, t, x_t, generator=torch.Generator().manual_seed(t)).prev_sample
        x0 = predict_x0(x_t, eps, t, abar)
        actual = posterior_step(x_t, x0, noise, t, t_prev, abar)
        # In float32 their β = 1 - ᾱ_t/ᾱ_prev is off by up to 2⁻²⁴ (but exact for ᾱ_prev = 1), which x0's weight divides
        # by 1-ᾱ_t, and the noise's weight √β̃ by 2 √β̃; the rest is rounding of the sum's terms.
        abar_t, abar_prev, _, beta = stride(t, t_prev, abar)
        deviation = math.sqrt((1 - abar_prev) / (1 - abar_t) * beta)
        weight_error = math.sqrt(abar_prev) / (1 - abar_t) * x0.abs().max().item() if t_prev >= 0 else 0
        noise_error = 4 * (1 - abar_prev) / (1 - abar_t) / (2 * deviation) if t_prev >= 0 else 0
        terms = x0.abs().max().item() * math.sqrt(abar_prev) + x_t.abs().max().item()
        tolerance = 2**-24 * (weight_error + noise_error + 8 * terms)
        assert (actual - expected).abs().max().item() <= tolerance < 2e-3


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("num_steps", [5, 50])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_sample_ddpm_matches_diffusers(rand, diffusers_scheduler, recorded, linear_model, schedule, num_steps, clip):
    theirs = diffusers_scheduler(DDPMScheduler, schedule, num_steps, clip_sample=clip)
    x_T = rand(3, 2, 5, 4)
    generator = torch.Generator().manual_seed(1)
    expected = x_T
    for t in theirs.timesteps.tolist():
        expected = theirs.step(linear_model(expected, t), t, expected, generator=generator).prev_sample
    generator.manual_seed(1)
    noise_fn = recorded(lambda *shape, dtype: torch.randn(shape, generator=generator, dtype=dtype))
    timesteps = strided_timesteps(1000, num_steps)
    actual = sample_ddpm(linear_model, x_T, timesteps, theirs.alphas_cumprod, noise_fn, clip_x0=clip)
    torch.testing.assert_close(actual, expected, rtol=1e-8, atol=1e-8)
    assert not clip or actual.abs().max() <= 1
    assert len(noise_fn.draws) == num_steps - 1


def test_sample_ddpm_asks_for_each_timestep_once_with_an_int(rand, alphas_cumprod):
    seen = []

    def model(x_t, t):
        seen.append(t)
        return x_t

    sample_ddpm(model, rand(1, 1, 2, 2), [900, 40, 3], alphas_cumprod)
    assert seen == [900, 40, 3]
    assert all(type(t) is int for t in seen)


def test_sample_ddpm_recovers_the_image_that_the_network_knows(rand, alphas_cumprod):
    x0 = rand(2, 3, 4, 5)

    def model(x_t, t):
        return (x_t - alphas_cumprod[t].sqrt() * x0) / (1 - alphas_cumprod[t]).sqrt()

    result = sample_ddpm(model, rand(2, 3, 4, 5), [999, 500, 7], alphas_cumprod, lambda x: rand(*x.shape))
    torch.testing.assert_close(result, x0, rtol=0, atol=1e-10)


def test_sample_ddpm_draws_from_the_data_of_an_ideal_network(rand, alphas_cumprod):
    """For data N(m, s²) the ideal eps is linear, and the full chain has to end at m and s."""
    m, s = 0.3, 0.5

    def ideal(x_t, t):
        abar_t = alphas_cumprod[t]
        return (1 - abar_t).sqrt() * (x_t - abar_t.sqrt() * m) / (s**2 * abar_t + 1 - abar_t)

    n = 100
    result = sample_ddpm(ideal, rand(1, 1, n, n), list(range(999, -1, -1)), alphas_cumprod, lambda x: rand(*x.shape))
    assert result.mean().item() == pytest.approx(m, abs=5 * s / n)
    assert result.std().item() == pytest.approx(s, rel=5 / (math.sqrt(2) * n) + 0.005)  # 0.5 % for the finite steps


def test_add_noise_then_posterior_mean_of_the_truth_keeps_the_marginal(rand, alphas_cumprod):
    """x_t ~ q(x_t | x0), then a posterior step: x_prev has q's mean and variance. By linearity, exactly."""
    t, t_prev = 640, 320
    one, zero = torch.ones(1, 1, 1, 1).double(), torch.zeros(1, 1, 1, 1).double()

    def chain(x0, z1, z2):
        return posterior_step(add_noise(x0, z1, t, alphas_cumprod), x0, z2, t, t_prev, alphas_cumprod).item()

    assert chain(one, zero, zero) == pytest.approx(math.sqrt(alphas_cumprod[t_prev]), rel=1e-12)
    variance = chain(zero, one, zero) ** 2 + chain(zero, zero, one) ** 2
    assert variance == pytest.approx(1 - float(alphas_cumprod[t_prev]), rel=1e-12)
