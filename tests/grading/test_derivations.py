"""What the site derives is what the reference computes: ``docs/derivations/``, equation by equation, on numbers.

An oracle here is the thing that is derived, and not the result: densities on a fine grid, autograd through them, moments.
"""

import math

import pytest
import torch

from reference.ddim import ddim_sigma, ddim_step
from reference.ddpm import posterior_step, posterior_variance, predict_x0
from reference.distillation import sds_residual, sds_weight, surrogate_loss
from reference.dps import dps_gradient, dps_step
from reference.flow import flow_loss, flow_velocity, guided_velocity, sample_flow
from reference.gan_losses import r1_penalty
from reference.guidance import classifier_free_guidance
from reference.noising import cumulative_alphas, linear_betas

SCHEDULE = cumulative_alphas(linear_betas(1000).double())
GRID = torch.linspace(-12, 12, 240_001, dtype=torch.float64)
STRIDES = [(990, 960), (500, 499), (300, 30), (30, 0)]


def image(value: float) -> torch.Tensor:
    return torch.full((1, 1, 1, 1), value, dtype=torch.float64)


def normal(x, mean, variance):
    return torch.exp(-((x - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


def moments(density) -> tuple[float, float]:
    """Mean and variance of what is not normalised, over the grid."""
    weight = density / density.sum()
    mean = (weight * GRID).sum()
    return mean.item(), (weight * (GRID - mean) ** 2).sum().item()


def levels(t: int, t_prev: int) -> tuple[float, float, float, float]:
    """ᾱ_t, ᾱ_prev, α and β of the stride."""
    abar, abar_prev = SCHEDULE[t].item(), SCHEDULE[t_prev].item()
    return abar, abar_prev, abar / abar_prev, 1 - abar / abar_prev


# --- the posterior ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("t, t_prev", STRIDES)
def test_the_posterior_is_the_product_of_its_two_factors(t, t_prev):
    abar, abar_prev, alpha, beta = levels(t, t_prev)
    assert alpha * (1 - abar_prev) + beta == pytest.approx(1 - abar)  # (3)
    x_t, x0 = 0.3, -0.7
    product = normal(x_t, math.sqrt(alpha) * GRID, beta) * normal(GRID, math.sqrt(abar_prev) * x0, 1 - abar_prev)
    mean, variance = moments(product)
    assert posterior_variance(t, t_prev, SCHEDULE).item() == pytest.approx(variance, rel=1e-6)  # (8)
    step = posterior_step(image(x_t), image(x0), image(0.0), t, t_prev, SCHEDULE)
    assert step.item() == pytest.approx(mean, rel=1e-6)  # (9)


@pytest.mark.parametrize("spread, expected", [(1e-9, "small"), (1.0, "large")])
def test_the_variance_of_a_step_lacks_what_is_not_known_of_the_image(spread, expected):
    """(10), for data that is normal with this variance: x_prev and x_t are jointly normal then."""
    abar, abar_prev, alpha, beta = levels(300, 30)
    variance_prev, variance_t = abar_prev * spread + 1 - abar_prev, abar * spread + 1 - abar
    known = variance_prev - alpha * variance_prev**2 / variance_t  # Var(x_prev | x_t)
    x0_unknown = spread - abar * spread**2 / variance_t
    small = posterior_variance(300, 30, SCHEDULE).item()
    assert small + (math.sqrt(abar_prev) * beta / (1 - abar)) ** 2 * x0_unknown == pytest.approx(known)
    assert known == pytest.approx(small if expected == "small" else beta)


# --- DDIM -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("t, t_prev", STRIDES)
def test_a_ddim_step_keeps_the_marginal(t, t_prev, eta):
    """(4): its weights of the image and of the two noises, read off by asking for one at a time."""
    abar, abar_prev, _, _ = levels(t, t_prev)

    def weight(x0: float, eps: float, z: float) -> float:
        x_t = math.sqrt(abar) * x0 + math.sqrt(1 - abar) * eps
        return ddim_step(image(x_t), image(eps), image(z), t, t_prev, SCHEDULE, eta).item()

    assert weight(1, 0, 0) == pytest.approx(math.sqrt(abar_prev))
    assert weight(0, 1, 0) ** 2 + weight(0, 0, 1) ** 2 == pytest.approx(1 - abar_prev)
    assert weight(0, 0, 1) == pytest.approx(ddim_sigma(t, t_prev, SCHEDULE, eta).item())


@pytest.mark.parametrize("t, t_prev", STRIDES)
def test_ddpm_is_the_member_with_all_of_the_noise(t, t_prev):
    """(6) to (9): where the weight of x_t is the posterior's, σ² is β̃, and so is everything else."""
    abar, abar_prev, alpha, beta = levels(t, t_prev)
    c_squared = alpha * (1 - abar_prev) ** 2 / (1 - abar)
    assert 1 - abar_prev - c_squared == pytest.approx(posterior_variance(t, t_prev, SCHEDULE).item(), rel=1e-6)
    of_x0 = math.sqrt(abar_prev) - math.sqrt(c_squared * abar / (1 - abar))
    assert of_x0 == pytest.approx(math.sqrt(abar_prev) * beta / (1 - abar))
    x_t, eps, z = image(0.4), image(-1.1), image(0.8)
    ddpm = posterior_step(x_t, predict_x0(x_t, eps, t, SCHEDULE), z, t, t_prev, SCHEDULE)
    assert ddim_step(x_t, eps, z, t, t_prev, SCHEDULE, 1.0).item() == pytest.approx(ddpm.item())


# --- guidance -------------------------------------------------------------------------------------------------------

T = 400
ABAR = SCHEDULE[T].item()
CLASSES = {0: (-1.2, 0.3, 0.4), 1: (0.5, 0.1, 0.35), 2: (1.4, 0.2, 0.25)}  # mean, variance, share


def joint(x, c):
    """q(x_t, c) of three classes that are normal each, noised to T."""
    mean, variance, share = CLASSES[c]
    return share * normal(x, math.sqrt(ABAR) * mean, ABAR * variance + 1 - ABAR)


def marginal(x):
    return sum(joint(x, c) for c in CLASSES)


def slope(log_density, x: float) -> torch.Tensor:
    at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(log_density(at), at)[0]


def noise_at(x: float, density) -> torch.Tensor:
    return -math.sqrt(1 - ABAR) * slope(lambda at: density(at).log(), x).reshape(1, 1, 1, 1)


def test_the_mean_noise_is_the_score():
    """(2), against the mean of the noise over all images, by quadrature."""
    mean, variance, _ = CLASSES[1]
    x_t = 0.8
    images = normal(GRID, mean, variance) * normal(x_t, math.sqrt(ABAR) * GRID, 1 - ABAR)
    noise = (x_t - math.sqrt(ABAR) * GRID) / math.sqrt(1 - ABAR)
    expected = (images * noise).sum() / images.sum()
    assert noise_at(x_t, lambda x: joint(x, 1)).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.5])
def test_guidance_is_the_score_of_the_sharpened_density(scale):
    def sharpened(x):
        return marginal(x) * (joint(x, 1) / marginal(x)) ** scale

    for x in (-1.0, 0.2, 1.7):
        guided = classifier_free_guidance(noise_at(x, marginal), noise_at(x, lambda at: joint(at, 1)), scale)
        assert guided.item() == pytest.approx(noise_at(x, sharpened).item())


def test_velocities_are_guided_with_the_same_weights():
    """v = (x_t - ε) / t."""
    x_t, time, noise = image(0.7), 0.6, {0.0: image(0.2), 1.0: image(-0.5)}
    answers = lambda x, c, t, keep: (x - noise[keep.item()]) / t.reshape(-1, 1, 1, 1)
    told = torch.tensor([time], dtype=torch.float64)
    guided = guided_velocity(answers, x_t, torch.tensor([1]), told, 5.0)
    eps = classifier_free_guidance(noise[0.0], noise[1.0], 5.0)
    assert guided.item() == pytest.approx(((x_t - eps) / time).item())


# --- DPS ------------------------------------------------------------------------------------------------------------


def test_the_gradient_of_dps_is_the_chain_rules():
    """(5), (7) and (8), for a network and an operator that are matrices."""
    generator = torch.Generator().manual_seed(4)
    network, operator = (torch.randn(size, generator=generator, dtype=torch.float64) for size in ((4, 4), (2, 4)))
    x_t = torch.randn(1, 1, 1, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.randn(1, 1, 1, 2, generator=generator, dtype=torch.float64)
    x0_hat = predict_x0(x_t, x_t @ network.T, T, SCHEDULE)
    r = (y - x0_hat @ operator.T).detach().flatten()
    to_x0 = (torch.eye(4, dtype=torch.float64) - math.sqrt(1 - ABAR) * network) / math.sqrt(ABAR)
    expected = -to_x0.T @ operator.T @ r / r.norm()
    got = dps_gradient(x_t, x0_hat, y, lambda x: x @ operator.T)
    assert torch.allclose(got.flatten(), expected)

    def squared(x):
        return (y - predict_x0(x, x @ network.T, T, SCHEDULE) @ operator.T).square().sum()

    (of_square,) = torch.autograd.grad(squared(x_t), x_t)
    assert torch.allclose(of_square, 2 * r.norm() * got)  # (5), and the paper's 2 ζ'
    again = predict_x0(x_t, x_t @ network.T, T, SCHEDULE)
    step = dps_step(x_t.detach(), x_t, again, y, lambda x: x @ operator.T, 0.3)
    assert torch.allclose(step, x_t.detach() - 0.3 * got)


# --- SDS ------------------------------------------------------------------------------------------------------------


def test_the_mean_of_sds_is_the_gradient_of_a_divergence():
    """(6), where the model's density is normal: the network is a line then, and two opposite noises have the mean."""
    mean, variance, x = 0.9, 0.4, -0.6
    level = ABAR * variance + 1 - ABAR

    def divergence(at):
        difference = math.sqrt(ABAR) * (at - mean)
        return 0.5 * (math.log(level / (1 - ABAR)) + (1 - ABAR + difference**2) / level - 1)

    def network(x_t):
        return math.sqrt(1 - ABAR) * (x_t - math.sqrt(ABAR) * mean) / level

    residuals = []
    for noise in (image(1.0), image(-1.0)):
        x_t = math.sqrt(ABAR) * image(x) + math.sqrt(1 - ABAR) * noise
        residuals.append(sds_residual(network(x_t), noise, T, SCHEDULE).item())
    expected = sds_weight(T, SCHEDULE).item() * math.sqrt((1 - ABAR) / ABAR) * slope(divergence, x).item()
    assert sum(residuals) / 2 == pytest.approx(expected)


def test_the_surrogates_gradient_is_the_residual():
    x = torch.randn(3, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    residual = torch.randn_like(x).detach()
    (gradient,) = torch.autograd.grad(surrogate_loss(x, residual), x)
    assert torch.allclose(gradient, residual / 3)


# --- R1 -------------------------------------------------------------------------------------------------------------


def rates(gamma: float) -> torch.Tensor:
    """The eigenvalues of the two players' motion near their point of rest, R1 being the reference's."""

    def value(theta, psi):
        return torch.nn.functional.logsigmoid(psi * theta) + torch.nn.functional.logsigmoid(torch.zeros(()).double())

    def motion(state):
        theta, psi = state
        of_theta, of_psi = torch.autograd.grad(value(theta, psi), (theta, psi), create_graph=True)
        real = torch.zeros(1, 1, 1, 1, dtype=torch.float64, requires_grad=True)
        penalty = r1_penalty(real, (psi * real).reshape(1), gamma)
        (damped,) = torch.autograd.grad(penalty, psi, create_graph=True)
        return torch.stack([-of_theta, of_psi - damped])

    return torch.linalg.eigvals(torch.autograd.functional.jacobian(motion, torch.zeros(2, dtype=torch.float64)))


@pytest.mark.parametrize("gamma", [0.2, 0.8, 3.0])
def test_r1_makes_a_circle_a_spiral(gamma):
    """(3) and (5); f is log sigmoid, whose slope at 0 is a half."""
    circle = rates(0.0)
    assert circle.real.abs().max() < 1e-12 and sorted(circle.imag.tolist()) == pytest.approx([-0.5, 0.5])
    spiral = rates(gamma)
    assert spiral.real.max() < 0
    assert spiral.sum().real.item() == pytest.approx(-gamma)
    assert spiral.prod().real.item() == pytest.approx(0.25)


def test_r1_in_a_batch_is_each_images_own():
    """(6), and that a mean of logits makes it smaller by the batch's square."""
    weights = torch.randn(2, 3, 4, dtype=torch.float64)
    images = torch.randn(5, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    logits = (images * weights).sum(dim=(1, 2, 3)) + images.square().sum(dim=(1, 2, 3))
    each = (weights + 2 * images.detach()).square().sum(dim=(1, 2, 3))
    assert r1_penalty(images, logits, 10.0).item() == pytest.approx((5.0 * each.mean()).item())
    (of_mean,) = torch.autograd.grad(logits.mean(), images)
    assert of_mean.square().sum(dim=(1, 2, 3)).tolist() == pytest.approx((each / 25).tolist())


# --- flow matching --------------------------------------------------------------------------------------------------

MU, S = 1.5, 0.6


def velocity(x, t):
    """(7)."""
    time = t.reshape(-1, 1, 1, 1) if isinstance(t, torch.Tensor) else t
    return MU + (time * S**2 - (1 - time)) / ((1 - time) ** 2 + time**2 * S**2) * (x - time * MU)


def test_the_marginal_velocity_is_the_mean_of_what_is_told():
    """(3) and (7), by quadrature over the noise: x_1 follows from it and from the point."""
    time, x = 0.4, 0.9
    ends = (x - (1 - time) * GRID) / time
    weight = normal(GRID, 0.0, 1.0) * normal(ends, MU, S**2)
    told = flow_velocity(GRID.reshape(1, 1, 1, -1), ends.reshape(1, 1, 1, -1)).flatten()
    assert velocity(x, time) == pytest.approx(((weight * told).sum() / weight.sum()).item(), rel=1e-6)


def test_no_other_velocity_has_less_error():
    generator = torch.Generator().manual_seed(1)
    x0 = torch.randn(200_000, 1, 1, 1, generator=generator, dtype=torch.float64)
    x1 = MU + S * torch.randn(200_000, 1, 1, 1, generator=generator, dtype=torch.float64)
    t = torch.rand(200_000, generator=generator, dtype=torch.float64)
    least = flow_loss(velocity, x0, x1, t).item()
    for other in (lambda x, t: velocity(x, t) + 0.2, lambda x, t: 1.2 * velocity(x, t), lambda x, t: MU + 0 * x):
        added = flow_loss(other, x0, x1, t).item() - least
        x_t = (1 - t).reshape(-1, 1, 1, 1) * x0 + t.reshape(-1, 1, 1, 1) * x1
        assert added == pytest.approx((other(x_t, t) - velocity(x_t, t)).square().mean().item(), rel=0.05)


def test_following_it_carries_noise_to_data():
    """(8): the end of the way, and that the way is bent."""
    x0 = torch.linspace(-2, 2, 9, dtype=torch.float64).reshape(-1, 1, 1, 1)
    fine, coarse = (sample_flow(velocity, x0, steps) for steps in (2000, 5))
    assert torch.allclose(fine, MU + S * x0, atol=2e-3)
    assert (coarse - fine).abs().max() > 0.02
