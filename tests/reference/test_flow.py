"""flow: diffusers' scheduler with its time turned round, closed forms for Gaussians, gradients by torch.func."""

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from reference.flow import (
    class_flow_loss,
    flow_interpolate,
    flow_loss,
    flow_step,
    flow_velocity,
    guided_velocity,
    sample_flow,
)

CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def per_image(t):
    return t.reshape(-1, 1, 1, 1)


@pytest.mark.parametrize("t", [0.0, 0.2, 0.75, 1.0])
def test_the_way_is_diffusers_with_sigma_from_the_other_end(rand, t):
    """diffusers: σ noise + (1 - σ) data, with σ = 1 - t; it computes in float32."""
    x0, x1 = rand(2, 1, 3, 4).float(), rand(2, 1, 3, 4).float()
    scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=1.0)
    scheduler.timesteps, scheduler.sigmas = torch.tensor([1000 * (1 - t)]), torch.tensor([1 - t, 0.0])
    theirs = scheduler.scale_noise(x1, scheduler.timesteps, noise=x0)
    torch.testing.assert_close(flow_interpolate(x0, x1, t), theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("num_steps", [1, 4, 50])
def test_sampling_is_diffusers_euler_with_time_and_velocity_turned_round(rand, num_steps):
    x0 = rand(2, 1, 3, 4).float()

    def velocity(x_t, t):
        return torch.sin(x_t + 2 * per_image(t.to(x_t)))

    scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=1.0)
    scheduler.set_timesteps(sigmas=[1 - i / num_steps for i in range(num_steps)])
    x = x0
    for timestep in scheduler.timesteps:
        t = (1 - timestep / 1000).expand(2)
        x = scheduler.step(-velocity(x, t), timestep, x).prev_sample
    torch.testing.assert_close(sample_flow(velocity, x0, num_steps), x, rtol=1e-4, atol=1e-5)


def test_the_velocity_is_the_ways_derivative(rand):
    x0, x1 = rand(3, 2, 5, 4), rand(3, 2, 5, 4)
    _, derivative = torch.func.jvp(
        lambda t: flow_interpolate(x0, x1, t.expand(3)),
        (torch.tensor(0.3, dtype=torch.float64),),
        (torch.ones(()).double(),),
    )
    torch.testing.assert_close(flow_velocity(x0, x1), derivative, **CLOSE)


def test_one_time_per_sample_is_one_sample_at_a_time(rand):
    x0, x1, t = rand(3, 2, 5, 4), rand(3, 2, 5, 4), torch.tensor([0.0, 0.4, 1.0], dtype=torch.float64)
    alone = [flow_interpolate(x0[i : i + 1], x1[i : i + 1], t[i].item()) for i in range(3)]
    assert torch.equal(flow_interpolate(x0, x1, t), torch.cat(alone))
    assert torch.equal(alone[0], x0[:1]) and torch.equal(alone[2], x1[2:])


def gaussian_velocity(mean, deviation):
    """The marginal velocity from N(0, 1) to N(m, s²): E[x1 - x0 | x_t], of jointly normal numbers.

    x_t has mean t m and variance V = (1 - t)² + t² s², and its covariance with x1 - x0 is t s² - (1 - t).
    """

    def velocity(x_t, t):
        t = per_image(t)
        variance = (1 - t) ** 2 + (t * deviation) ** 2
        return mean + (t * deviation**2 - (1 - t)) / variance * (x_t - t * mean)

    return velocity


def test_the_regression_finds_the_marginal_velocity():
    """Among all functions a·x + b at a fixed t, the loss is least for the closed form's."""
    generator = torch.Generator().manual_seed(3)
    mean, deviation, t, n = 1.5, 0.4, 0.35, 200_000
    x0 = torch.randn(n, 1, 1, 1, dtype=torch.float64, generator=generator)
    x1 = mean + deviation * torch.randn(n, 1, 1, 1, dtype=torch.float64, generator=generator)
    x_t, v = flow_interpolate(x0, x1, t).flatten(), flow_velocity(x0, x1).flatten()
    slope, at_zero = torch.linalg.lstsq(torch.stack([x_t, torch.ones_like(x_t)], 1), v[:, None]).solution.flatten()
    closed = gaussian_velocity(mean, deviation)
    points = torch.tensor([0.0, 1.0], dtype=torch.float64).reshape(2, 1, 1, 1)
    expected = closed(points, torch.full((2,), t, dtype=torch.float64)).flatten()
    torch.testing.assert_close(torch.stack([at_zero, slope + at_zero]), expected, rtol=0, atol=2e-2)
    times = torch.full((n,), t, dtype=torch.float64)
    least = flow_loss(closed, x0, x1, times)
    for other in (lambda x, t: closed(x, t) + 0.05, lambda x, t: 1.05 * closed(x, t), gaussian_velocity(mean, 0.5)):
        assert flow_loss(other, x0, x1, times) > least


def test_euler_along_the_marginal_velocity_ends_at_the_datas_distribution():
    """The exact flow between Gaussians is x1 = m + s x0; Euler's error halves with twice the steps."""
    x0 = torch.linspace(-2, 2, 9, dtype=torch.float64).reshape(9, 1, 1, 1)
    mean, deviation = 1.5, 0.4
    errors = [
        float((sample_flow(gaussian_velocity(mean, deviation), x0, steps) - (mean + deviation * x0)).abs().max())
        for steps in (100, 200, 400)
    ]
    assert errors[2] < 0.02
    assert all(1.8 < coarse / fine < 2.2 for coarse, fine in zip(errors, errors[1:]))


def test_a_straight_flow_needs_one_step(rand):
    x0, x1 = rand(2, 1, 3, 4), rand(2, 1, 3, 4)
    v = flow_velocity(x0, x1)
    for steps in (1, 3, 50):
        torch.testing.assert_close(sample_flow(lambda x_t, t: v, x0, steps), x1, **CLOSE)
    torch.testing.assert_close(flow_step(flow_interpolate(x0, x1, 0.25), v, 0.25, 1.0), x1, **CLOSE)


def test_the_network_is_asked_at_the_beginning_of_each_step(rand):
    asked = []

    def v_model(x_t, t):
        asked.append(t)
        return torch.zeros_like(x_t)

    x0 = rand(3, 1, 2, 2)
    assert torch.equal(sample_flow(v_model, x0), x0)
    assert len(asked) == 50 and all(t.shape == (3,) and t.dtype == x0.dtype for t in asked)
    assert [t[0].item() for t in asked] == [i / 50 for i in range(50)]


class Guided:
    """v = x_t + label · keep + t, of any batch; counts the images that it was asked about."""

    def __init__(self):
        self.images = 0

    def __call__(self, x_t, labels, t, keep):
        self.images += len(x_t)
        return x_t + per_image(labels * keep) + per_image(t)


@pytest.mark.parametrize("scale", [-1.0, 0.0, 1.0, 5.0])
def test_guidance_in_closed_form(rand, scale):
    x_t, labels, t, model = rand(3, 2, 5, 4), torch.tensor([2, 0, 7]), torch.tensor([0.1, 0.5, 0.9]).double(), Guided()
    expected = x_t + per_image(t) + scale * per_image(labels.double())
    torch.testing.assert_close(guided_velocity(model, x_t, labels, t, scale), expected, **CLOSE)
    assert model.images == 6


def test_losses_spelled_out_and_their_gradients(rand):
    """Against loops over samples, and against torch.func's gradient of them."""
    x0, x1, t = rand(3, 2, 5, 4), rand(3, 2, 5, 4), torch.tensor([0.1, 0.6, 0.9], dtype=torch.float64)
    labels, keep = torch.tensor([2, 0, 7]), torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)

    def by_hand(weight, told):
        total = 0.0
        for i in range(3):
            x = (1 - t[i]) * x0[i] + t[i] * x1[i]
            answer = weight * x + t[i] + (labels[i] * keep[i] if told else 0)
            total = total + ((answer - (x1[i] - x0[i])) ** 2).sum()
        return total / x0.numel()

    def by_reference(weight, told):
        if told:
            model = lambda x, c, t, keep: weight * x + per_image(t) + per_image(c * keep)
            return class_flow_loss(model, x0, x1, labels, t, keep)
        return flow_loss(lambda x, t: weight * x + per_image(t), x0, x1, t)

    weight = torch.tensor(0.7, dtype=torch.float64)
    for told in (False, True):
        ours, theirs = (torch.func.grad_and_value(loss)(weight, told) for loss in (by_reference, by_hand))
        torch.testing.assert_close(ours, theirs, **CLOSE)


def test_both_images_get_gradients(rand):
    images = rand(2, 1, 2, 2).requires_grad_(), rand(2, 1, 2, 2).requires_grad_()
    t = torch.tensor([0.3, 0.8], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x0, x1: flow_interpolate(x0, x1, t), images)
    assert torch.autograd.gradcheck(flow_velocity, images)


def test_a_schedule_of_float32_times_will_do(rand):
    x0, x1 = rand(2, 1, 2, 2), rand(2, 1, 2, 2)
    t = torch.tensor([0.25, 0.75])
    assert flow_interpolate(x0, x1, t).dtype == x0.dtype
    torch.testing.assert_close(flow_interpolate(x0, x1, t), flow_interpolate(x0, x1, t.double()), **CLOSE)


REFUSED = {
    "x1: expected": lambda x, t, c, m: flow_interpolate(x, x[:, :1], 0.5),
    "x0: expected": lambda x, t, c, m: flow_velocity(x[0], x[0]),
    "t: expected": lambda x, t, c, m: flow_interpolate(x, x, 1.5),
    "t: expected float times": lambda x, t, c, m: flow_interpolate(x, x, t + 1),
    "t: expected float times in": lambda x, t, c, m: flow_loss(m, x, x, t.long()),
    "t_next: expected a time after": lambda x, t, c, m: flow_step(x, x, 0.5, 0.5),
    "num_steps: expected an int": lambda x, t, c, m: sample_flow(m, x, 0),
    "labels: expected an int64": lambda x, t, c, m: guided_velocity(m, x, c.float(), t, 5.0),
    "scale: expected": lambda x, t, c, m: guided_velocity(m, x, c, t, float("nan")),
    "keep: expected a float": lambda x, t, c, m: class_flow_loss(m, x, x, c, t, c),
    "the network's answer: expected": lambda x, t, c, m: flow_loss(lambda x_t, t: x_t[:1], x, x, t),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("message", REFUSED)
def test_refused_with_the_arguments_name(rand, message):
    x, t, labels = rand(2, 2, 3, 4), torch.tensor([0.2, 0.7], dtype=torch.float64), torch.tensor([1, 4])
    with pytest.raises(ValueError, match=f"^{message}"):
        REFUSED[message](x, t, labels, lambda x_t, *asked: x_t)
