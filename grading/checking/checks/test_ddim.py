from typing import ClassVar

import torch
from hypothesis import strategies as st

from reference import ddim as reference
from reference import ddpm
from reference.noising import add_noise

from ...sandbox.crossing.values import Probe
from ..compare import assert_close
from ..points import CHAIN, Draw
from . import draws, grades, holds_for, levels, shapes, steps
from .expect import IDENTITY, assert_scalar, beside
from .test_ddpm import Sampler, knows_the_image

etas = st.floats(0, 1)


@grades("ddim.ddim_sigma")
class TestDDIMSigma:
    @holds_for(draw=draws, step=steps, eta=etas)
    def test_eta_is_a_factor_of_the_deviation(self, student, draw, step, eta):
        """sigma is eta times the posterior's standard deviation: 0 at eta = 0, DDPM's at eta = 1."""
        schedule = draw.schedule()
        reply = student(t=step[0], t_prev=step[1], alphas_cumprod=schedule, eta=eta)
        expected = eta * ddpm.posterior_variance(step[0], step[1], schedule).sqrt()
        assert_close(reply, expected, IDENTITY, what="sigma")

    @holds_for(draw=draws, t=levels, eta=etas)
    def test_no_noise_at_the_clean_image(self, student, draw, t, eta):
        """At t_prev = -1 sigma is 0."""
        reply = student(t=t, t_prev=-1, alphas_cumprod=draw.schedule(), eta=eta)
        if abs(assert_scalar(reply)) > IDENTITY:
            raise reply.fail("sigma at t_prev = -1 is wrong", "0", f"{assert_scalar(reply):.6g}")


@grades("ddim.ddim_step")
class TestDDIMStep:
    @holds_for(draw=draws, shape=shapes, step=steps)
    def test_stays_on_the_path(self, student, draw, shape, step):
        """At eta = 0 and with the true noise, the step leads to the same image and noise at level t_prev."""
        x0, noise, ignored = draw.images(3, shape)
        t, t_prev = step
        schedule = draw.schedule()
        x_t = add_noise(x0, noise, t, schedule)
        reply = student(x_t=x_t, eps=noise, noise=ignored, t=t, t_prev=t_prev, alphas_cumprod=schedule)
        assert_close(reply, x0 if t_prev < 0 else add_noise(x0, noise, t_prev, schedule), IDENTITY)

    @holds_for(draw=draws, shape=shapes, step=steps)
    def test_eta_one_is_ddpm(self, student, draw, shape, step):
        """At eta = 1 the step is DDPM's posterior step."""
        x_t, eps, noise = draw.images(3, shape)
        t, t_prev = step
        schedule = draw.schedule()
        x0 = ddpm.predict_x0(x_t, eps, t, schedule)
        expected = ddpm.posterior_step(x_t, x0, noise, t, t_prev, schedule)
        reply = student(x_t=x_t, eps=eps, noise=noise, t=t, t_prev=t_prev, alphas_cumprod=schedule, eta=1.0)
        assert_close(reply, expected, 1e3 * IDENTITY)

    @holds_for(draw=draws, shape=shapes, t=levels, eta=etas)
    def test_last_step_gives_the_estimate(self, student, draw, shape, t, eta):
        """At t_prev = -1 the result is the estimate of x0 for every eta, without noise."""
        x_t, eps, noise = draw.images(3, shape)
        schedule = draw.schedule()
        reply = student(x_t=x_t, eps=eps, noise=noise, t=t, t_prev=-1, alphas_cumprod=schedule, eta=eta)
        assert_close(reply, ddpm.predict_x0(x_t, eps, t, schedule), 1e3 * IDENTITY)

    @holds_for(draw=draws, shape=shapes, step=steps)
    def test_no_noise_at_eta_zero(self, student, draw, shape, step):
        """At eta = 0 the noise argument has no influence."""
        x_t, eps, noise = draw.images(3, shape)
        arguments = {"x_t": x_t, "eps": eps, "t": step[0], "t_prev": step[1], "alphas_cumprod": draw.schedule()}
        quiet = student(**arguments, noise=torch.zeros_like(noise), eta=0.0)
        assert_close(student(**arguments, noise=noise, eta=0.0), quiet.value, IDENTITY)


@grades("ddim.sample_ddim")
class TestSampleDDIM(Sampler):
    options: ClassVar[dict] = {"eta": 0.7}

    @holds_for(draw=draws, count=st.integers(1, 5))
    def test_deterministic_at_eta_zero(self, student, draw, count):
        """At eta = 0, the default, noise_fn has no influence."""
        arguments = self.arguments(draw)
        quiet = student(**arguments)
        assert_close(student(**arguments, noise_fn=Probe("steady_noise")), quiet.value, IDENTITY)

    @holds_for(draw=draws)
    def test_eta_one_is_ddpm(self, student, draw):
        """At eta = 1 the chain is DDPM's."""
        arguments = self.arguments(draw) | {"noise_fn": Probe("steady_noise")}

        def at_eta_zero():
            assert_close(student(**arguments), reference.sample_ddim(**arguments), 1e3 * IDENTITY)

        with beside(at_eta_zero):
            assert_close(student(**arguments, eta=1.0), ddpm.sample_ddpm(**arguments), 1e3 * IDENTITY)

    def test_clipping_keeps_the_raw_eps(self, student, seed):
        """clip_x0 clamps the estimate of x0 alone: the direction towards x_t still uses the network's eps."""
        draw = Draw([seed, 1])
        image, x_T = 3 * draw.image(2, 2, 4, 5), draw.image(2, 2, 4, 5)
        schedule, timesteps = draw.schedule(CHAIN), [105, 60, 15]
        model = knows_the_image(image, schedule)
        x_t = x_T
        for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
            eps = model(x_t, t)
            x0 = ddpm.predict_x0(x_t, eps, t, schedule).clamp(-1, 1)
            x_t = x0 if t_prev < 0 else add_noise(x0, eps, t_prev, schedule)
        arguments = {"eps_model": model, "x_T": x_T, "timesteps": timesteps, "alphas_cumprod": schedule}
        with beside(lambda: assert_close(student(**arguments), image, 1e4 * IDENTITY)):
            assert_close(student(**arguments, clip_x0=True), x_t, 1e3 * IDENTITY)
