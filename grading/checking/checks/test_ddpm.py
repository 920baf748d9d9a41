import math
from typing import ClassVar

import torch
from hypothesis import strategies as st

from reference import ddpm as reference
from reference.noising import add_noise

from ...sandbox.crossing.probes import no_noise
from ...sandbox.crossing.values import Leaf, Probe
from ..compare import assert_close
from ..points import CHAIN, Draw
from . import draws, grades, holds_for, levels, shapes, steps
from .expect import IDENTITY, Told, about, assert_each_for_itself, assert_gradients, assert_image, assert_scalar
from .noise_draws import assert_independent_draws


@grades("ddpm.predict_x0")
class TestPredictX0:
    @holds_for(draw=draws, shape=shapes, t=levels)
    def test_true_noise_gives_the_image(self, student, draw, shape, t):
        """With the noise that was really added, the clean image comes back exactly."""
        x0, noise = draw.images(2, shape)
        schedule = draw.schedule()
        x_t = add_noise(x0, noise, t, schedule)
        assert_close(student(x_t=x_t, eps=noise, t=t, alphas_cumprod=schedule), x0, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_samples_are_independent(self, student, draw, shape):
        """With one t per sample each sample gets what it would get alone."""
        x_t, eps = draw.images(2, shape)
        t, schedule = draw.timestep_per_sample(shape[0], 600), draw.schedule()
        alone = [reference.predict_x0(x_t[i : i + 1], eps[i : i + 1], int(t[i]), schedule) for i in range(shape[0])]
        assert_each_for_itself(
            student(x_t=x_t, eps=eps, t=t, alphas_cumprod=schedule),
            torch.cat(alone),
            lambda i: student(x_t=x_t[i : i + 1], eps=eps[i : i + 1], t=int(t[i]), alphas_cumprod=schedule),
        )

    @holds_for(draw=draws, t=st.integers(0, 600))
    def test_nothing_is_clipped(self, student, draw, t):
        """Estimates outside [-1, 1] stay as they are: the result is linear in x_t."""
        x_t = draw.image(2, 3, 4, 5)
        rest = {"eps": torch.zeros_like(x_t), "t": t, "alphas_cumprod": draw.schedule()}
        small = assert_image(student(x_t=x_t / 100, **rest), x_t.shape).double()
        largest = max(1.0, float(small.abs().max()))
        assert_close(student(x_t=100 * x_t, **rest), 1e4 * small, 100 * IDENTITY * largest)

    @holds_for(draw=draws, t=st.integers(0, 600))
    def test_differentiable(self, student, draw, t):
        """Gradients flow into x_t and eps, each with its weight."""
        x_t, eps, cotangent = draw.images(3)
        schedule = draw.schedule()
        reply = student(x_t=Leaf(x_t), eps=Leaf(eps), t=t, alphas_cumprod=schedule, cotangent=cotangent)
        abar_t = schedule[t].item()
        ratio = math.sqrt((1 - abar_t) / abar_t)
        assert_gradients(reply, x_t=cotangent / math.sqrt(abar_t), eps=-ratio * cotangent)


@grades("ddpm.posterior_variance")
class TestPosteriorVariance:
    @holds_for(draw=draws, t=levels)
    def test_nothing_is_left_at_the_clean_image(self, student, draw, t):
        """At t_prev = -1 the variance is 0."""
        reply = student(t=t, t_prev=-1, alphas_cumprod=draw.schedule())
        if abs(assert_scalar(reply)) > IDENTITY:
            raise reply.fail("the variance at t_prev = -1 is wrong", "0", f"{assert_scalar(reply):.6g}")

    @holds_for(draw=draws, step=steps)
    def test_bounds(self, student, draw, step):
        """The variance lies between 0 and both beta of the stride and 1 - abar_prev."""
        t, t_prev = step
        schedule = draw.schedule()
        reply = student(t=t, t_prev=t_prev, alphas_cumprod=schedule)
        abar_prev = 1.0 if t_prev < 0 else schedule[t_prev].item()
        bound = min(1 - schedule[t].item() / abar_prev, 1 - abar_prev)
        if not -IDENTITY <= assert_scalar(reply) <= bound + IDENTITY:
            raise reply.fail("the variance is out of bounds", f"0 … {bound:.6g}", f"{assert_scalar(reply):.6g}")


def _step_of(draw, step, shape, **images):
    """Arguments of a posterior step; images that are not given are zero."""
    zero = torch.zeros(shape, dtype=torch.float64)
    t, t_prev = step
    filled = {name: images.get(name, zero) for name in ("x_t", "x0", "noise")}
    return filled | {"t": t, "t_prev": t_prev, "alphas_cumprod": draw.schedule()}


@grades("ddpm.posterior_step")
class TestPosteriorStep:
    @holds_for(draw=draws, shape=shapes, t=levels)
    def test_last_step_gives_x0(self, student, draw, shape, t):
        """At t_prev = -1 the result is x0, whatever x_t and the noise are."""
        x_t, x0, noise = draw.images(3, shape)
        reply = student(x_t=x_t, x0=x0, noise=noise, t=t, t_prev=-1, alphas_cumprod=draw.schedule())
        assert_close(reply, x0, IDENTITY)

    @holds_for(draw=draws, shape=shapes, step=steps)
    def test_mean_stays_on_the_path(self, student, draw, shape, step):
        """From x_t = √abar_t x0 the mean is √abar_prev x0."""
        x0 = draw.image(*shape)
        arguments = _step_of(draw, step, shape, x0=x0)
        schedule = arguments["alphas_cumprod"]
        arguments["x_t"] = schedule[step[0]].sqrt() * x0
        abar_prev = 1.0 if step[1] < 0 else schedule[step[1]].item()
        assert_close(student(**arguments), math.sqrt(abar_prev) * x0, IDENTITY)

    @holds_for(draw=draws, step=steps)
    def test_variance_is_that_of_the_level(self, student, draw, step):
        """Noise in x_t and fresh noise together have the variance of level t_prev."""
        one = torch.ones(1, 1, 1, 1, dtype=torch.float64)
        arguments = _step_of(draw, step, one.shape)
        schedule = arguments["alphas_cumprod"]
        carried = student(**arguments | {"x_t": one})
        fresh = student(**arguments | {"noise": one})
        total = assert_image(carried, one.shape) ** 2 * (1 - schedule[step[0]]) + assert_image(fresh, one.shape) ** 2
        abar_prev = 1.0 if step[1] < 0 else schedule[step[1]].item()
        assert_close(about(fresh, total), (1 - abar_prev) * one, IDENTITY, what="the variance after the step")

    @holds_for(draw=draws, shape=shapes, step=steps)
    def test_nothing_is_clipped(self, student, draw, shape, step):
        """An x0 far outside [-1, 1] is used as it is: twice the inputs give twice the result."""
        x_t, x0, noise = draw.images(3, shape)
        arguments = _step_of(draw, step, shape, x_t=50 * x_t, x0=50 * x0, noise=50 * noise)
        once = student(**arguments | {"x_t": x_t, "x0": x0, "noise": noise})
        assert_close(student(**arguments), 50 * assert_image(once, shape), 50 * IDENTITY)


def knows_the_image(image, schedule):
    """A network that always finds the noise which leads to this image."""
    return lambda x_t, t: (x_t - schedule[int(t)].sqrt() * image) / (1 - schedule[int(t)]).sqrt()


class Sampler:
    """What holds of every sampler that ends at the clean image."""

    options: ClassVar[dict] = {}

    @holds_for(draw=draws, shape=shapes, count=st.integers(1, 6))
    def test_ends_at_the_clean_image(self, student, draw, shape, count):
        """With a network that knows the image, the result is that image: the chain ends at t_prev = -1."""
        image, x_T = draw.images(2, shape)
        schedule = draw.schedule(CHAIN)
        model = knows_the_image(image, schedule)
        timesteps, network = draw.timesteps(CHAIN, count), Told(model)
        rest = {"x_T": x_T, "timesteps": timesteps, "alphas_cumprod": schedule} | self.options
        with network.about(timesteps):
            assert_close(student(eps_model=network, **rest), image, 1e4 * IDENTITY)

    def test_every_step_draws_its_own_noise(self, student, seed):
        """Every step has fresh noise of its own from noise_fn, and the last step has none."""
        draw = Draw([seed, 1])
        arguments = self.arguments(draw) | self.options
        assert_independent_draws(student, draw.image(*arguments["x_T"].shape), **arguments)

    def arguments(self, draw):
        return {
            "eps_model": Probe("eps_model"),
            "x_T": draw.image(2, 2, 4, 5),
            "timesteps": [*draw.timesteps(CHAIN, 4), 0],
            "alphas_cumprod": draw.schedule(CHAIN),
        }


@grades("ddpm.sample_ddpm")
class TestSampleDDPM(Sampler):
    @holds_for(draw=draws)
    def test_clipping_only_on_request(self, student, draw):
        """clip_x0 bounds the result; without it estimates outside [-1, 1] survive."""
        image, x_T = 3 * draw.image(2, 2, 4, 5), draw.image(2, 2, 4, 5)
        schedule = draw.schedule(CHAIN)
        arguments = {
            "eps_model": knows_the_image(image, schedule),
            "x_T": x_T,
            "timesteps": [105, 60, 15],
            "alphas_cumprod": schedule,
        }
        reply = student(**arguments)
        if abs(float(assert_image(reply, image.shape).abs().max()) - 1) < IDENTITY:
            raise reply.fail("the result is clipped without being asked for", "estimates as they are", "none beyond 1")
        assert_close(reply, image, 1e4 * IDENTITY, kind="value")
        assert_close(student(**arguments, clip_x0=True), image.clamp(-1, 1), 1e4 * IDENTITY)

    def test_steps_taken_one_by_one(self, student, seed):
        """Without noise the chain is the posterior means, one after another."""
        arguments = self.arguments(Draw([seed, 1])) | {"noise_fn": no_noise}
        x_t, schedule = arguments["x_T"], arguments["alphas_cumprod"]
        for t, t_prev in zip(arguments["timesteps"], [*arguments["timesteps"][1:], -1]):
            x0 = reference.predict_x0(x_t, Probe("eps_model")(x_t, t), t, schedule)
            x_t = reference.posterior_step(x_t, x0, torch.zeros_like(x_t), t, t_prev, schedule)
        network = Told(arguments["eps_model"])
        with network.about(arguments["timesteps"]):
            assert_close(student(**arguments | {"eps_model": network}), x_t, IDENTITY)
