import torch
from hypothesis import strategies as st

from ...sandbox.crossing.probes import conditional_eps_model
from ..compare import assert_close
from ..points import Draw
from . import draws, grades, holds_for, shapes
from .expect import IDENTITY, assert_each_for_itself, assert_image, beside

scales = st.floats(-3, 12)


@grades("guidance.classifier_free_guidance")
class TestClassifierFreeGuidance:
    @holds_for(draw=draws, shape=shapes)
    def test_scale_zero_and_one(self, student, draw, shape):
        """Scale 0 gives the unconditional estimate, scale 1 the conditional one."""
        eps_uncond, eps_cond = draw.images(2, shape)
        assert_close(student(eps_uncond=eps_uncond, eps_cond=eps_cond, scale=0.0), eps_uncond, IDENTITY)
        assert_close(student(eps_uncond=eps_uncond, eps_cond=eps_cond, scale=1.0), eps_cond, IDENTITY)

    @holds_for(draw=draws, shape=shapes, scale=scales)
    def test_equal_estimates(self, student, draw, shape, scale):
        """Where both estimates agree, the scale has no influence."""
        eps = draw.image(*shape)
        reply, other = (student(eps_uncond=eps, eps_cond=eps.clone(), scale=s) for s in (scale, scale + 1))
        assert_close(other, assert_image(reply, shape).double(), IDENTITY * max(1.0, float(reply.value.abs().max())))
        assert_close(reply, eps, IDENTITY, kind="value")

    @holds_for(draw=draws, shape=shapes, scale=scales)
    def test_straight_line_in_the_scale(self, student, draw, shape, scale):
        """The result moves by the same amount for every unit of scale."""
        eps_uncond, eps_cond = draw.images(2, shape)
        ends = [assert_image(student(eps_uncond=eps_uncond, eps_cond=eps_cond, scale=s), shape) for s in (2.0, 3.0)]
        reply = student(eps_uncond=eps_uncond, eps_cond=eps_cond, scale=scale)
        assert_close(reply, ends[0] + (scale - 2) * (ends[1] - ends[0]), 100 * IDENTITY)

    def test_large_scales(self, student, seed):
        """Every scale counts as it is given, far from the usual ones too."""
        eps_uncond, eps_cond = Draw([seed, 5]).images(2)

        def assert_right_at(scale):
            expected = eps_uncond + scale * (eps_cond - eps_uncond)
            assert_close(student(eps_uncond=eps_uncond, eps_cond=eps_cond, scale=scale), expected, 1e3 * IDENTITY)

        with beside(lambda: assert_right_at(3.0)):
            for scale in (40.0, -25.0):
                assert_right_at(scale)


class Counted:
    """The conditional network, which counts how many images it was asked about."""

    def __init__(self):
        self.images = self.calls = 0

    def __call__(self, x_t, t, cond):
        self.calls += 1
        self.images += len(x_t)
        return conditional_eps_model(x_t, t, cond)


@grades("guidance.guided_eps")
class TestGuidedEps:
    @holds_for(draw=draws, shape=shapes, scale=scales)
    def test_number_of_evaluations(self, student, draw, shape, scale):
        """At most one conditional and one null evaluation, or one of a doubled batch."""
        model = Counted()
        cond, null_cond = draw.images(2, (shape[0], 3))
        reply = student(model=model, x_t=draw.image(*shape), t=400, cond=cond, null_cond=null_cond, scale=scale)
        if model.calls > 2 or model.images > 2 * shape[0]:
            got = f"{model.calls} calls, {model.images} images"
            raise reply.fail("the network is asked too often", f"2 calls, {2 * shape[0]} images at most", got)

    @holds_for(draw=draws, shape=shapes)
    def test_scale_zero_and_one(self, student, draw, shape):
        """Scale 0 is the null condition's estimate, scale 1 the condition's."""
        x_t = draw.image(*shape)
        cond, null_cond = draw.images(2, (shape[0], 3))
        arguments = {"model": conditional_eps_model, "x_t": x_t, "t": 300, "cond": cond, "null_cond": null_cond}
        assert_close(student(**arguments, scale=0.0), conditional_eps_model(x_t, 300, null_cond), IDENTITY)
        assert_close(student(**arguments, scale=1.0), conditional_eps_model(x_t, 300, cond), IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_samples_are_independent(self, student, draw, shape):
        """Each sample is guided by its own condition."""
        x_t = draw.image(*shape)
        cond, null_cond = draw.images(2, (shape[0], 3))
        expected = [
            4 * conditional_eps_model(x, 300, c) - 3 * conditional_eps_model(x, 300, n)
            for x, c, n in zip(x_t.split(1), cond.split(1), null_cond.split(1))
        ]
        arguments = {"model": conditional_eps_model, "x_t": x_t, "t": 300, "cond": cond, "null_cond": null_cond}

        def alone(i):
            own = {name: arguments[name][i : i + 1] for name in ("x_t", "cond", "null_cond")}
            return student(**arguments | own, scale=4.0)

        assert_each_for_itself(student(**arguments, scale=4.0), torch.cat(expected), alone)
