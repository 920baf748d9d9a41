import pytest

from reference import dps as reference
from reference.ddim import sample_ddim

from ...sandbox.crossing.probes import drop_pixels
from ...sandbox.crossing.values import Derived, Leaf, Probe
from ..compare import assert_close
from ..points import CHAIN, Draw, cases
from . import draws, grades, holds_for
from .expect import IDENTITY, assert_detached, assert_image, assert_no_grad_left
from .noise_draws import assert_independent_draws


@grades("dps.dps_gradient")
class TestDPSGradient:
    @holds_for(draw=draws)
    def test_linear_case(self, student, draw):
        """For x0_hat = 1.5 x_t and a masked measurement it is -1.5 times the normalised residual."""
        x_t, other = draw.images(2, (1, 2, 4, 6))
        measurement = drop_pixels(other)
        residual = measurement - drop_pixels(1.5 * x_t)
        reply = student(
            x_t=Leaf(x_t),
            x0_hat=Derived("scaled", of="x_t"),
            measurement=measurement,
            operator=Probe("drop_pixels"),
        )
        assert_close(reply, -1.5 * residual / residual.norm(), IDENTITY)

    @holds_for(draw=draws)
    def test_size_of_the_residual_does_not_matter(self, student, draw):
        """At every size of the residual the gradient is the same: that of the norm, not of its square."""
        x_t, direction = draw.images(2, (1, 2, 4, 6))
        rest = {"x_t": Leaf(x_t), "x0_hat": Derived("scaled", of="x_t"), "operator": Probe("keep_everything")}
        usual = assert_image(student(**rest, measurement=1.5 * x_t + direction), x_t.shape)
        for size in (10, 1e-4):
            assert_close(student(**rest, measurement=1.5 * x_t + size * direction), usual, IDENTITY)

    def test_leaves_nothing_behind(self, student, seed):
        """The result is detached, and no .grad is left in x_t or in the network."""
        leaves_nothing_behind(student, seed)


def leaves_nothing_behind(student, seed):
    for _, arguments in cases(student.task, seed):
        reply = student(**arguments)  # its value is looked at elsewhere
        assert_detached(reply)
        assert_no_grad_left(reply)


@grades("dps.dps_step")
class TestDPSStep:
    @holds_for(draw=draws)
    def test_scale_zero(self, student, draw):
        """At scale 0 the step's own result is kept."""
        x_t, x_prev, other = draw.images(3, (1, 2, 4, 6))
        rest = {"measurement": drop_pixels(other), "operator": Probe("drop_pixels"), "scale": 0.0}
        assert_close(
            student(x_prev=x_prev, x_t=Leaf(x_t), x0_hat=Derived("scaled", of="x_t"), **rest), x_prev, IDENTITY
        )

    @holds_for(draw=draws)
    def test_linear_in_the_scale(self, student, draw):
        """The correction is the scale times the gradient, taken off x_prev: towards the measurement."""
        x_t, x_prev, other = draw.images(3, (1, 2, 4, 6))
        scale, measurement = draw.number(0.2, 3), drop_pixels(other)
        residual = measurement - drop_pixels(1.5 * x_t)
        rest = {"measurement": measurement, "operator": Probe("drop_pixels"), "x0_hat": Derived("scaled", of="x_t")}
        once, twice = (student(x_prev=x_prev, x_t=Leaf(x_t), **rest, scale=s) for s in (scale, 2 * scale))
        correction = assert_image(once, x_prev.shape).double() - x_prev
        if float((correction * residual).sum()) < 0:
            raise once.fail("the correction leads away from the measurement")
        size = max(1.0, float(correction.abs().max()))
        assert_close(twice, x_prev + 2 * correction, size * IDENTITY)
        assert_close(once, x_prev + scale * 1.5 * residual / residual.norm(), IDENTITY, kind="value")

    def test_leaves_nothing_behind(self, student, seed):
        """The result is detached, and no .grad is left in x_t or in the network."""
        leaves_nothing_behind(student, seed)


@grades("dps.sample_dps")
class TestSampleDPS:
    def arguments(self, draw, operator="drop_pixels"):
        return {
            "x_T": draw.image(1, 2, 4, 6),
            "measurement": Probe(operator)(draw.image(1, 2, 4, 6)),
            "operator": Probe(operator),
            "timesteps": [*draw.timesteps(CHAIN, 4), 0],
            "alphas_cumprod": draw.schedule(CHAIN),
        }

    @pytest.mark.parametrize("eta", [0.0, 0.6])
    def test_scale_zero_is_ddim(self, student, seed, eta):
        """At scale 0 the chain is DDIM's."""
        arguments = self.arguments(Draw([seed, 1])) | {"noise_fn": Probe("steady_noise"), "eta": eta}
        plain = {name: value for name, value in arguments.items() if name not in ("measurement", "operator")}
        expected = sample_ddim(Probe("eps_model"), **plain)
        assert_close(student(eps_model=Probe("eps_model"), scale=0.0, **arguments), expected, 1e3 * IDENTITY)

    def test_every_step_draws_its_own_noise(self, student, seed):
        """Every step has fresh noise of its own from noise_fn where eta > 0, and the last step has none."""
        draw = Draw([seed, 1])
        arguments = self.arguments(draw) | {"eps_model": Probe("eps_model"), "eta": 0.7, "scale": 0.0}
        assert_independent_draws(student, draw.image(1, 2, 4, 6), **arguments)

    def test_parameters_are_left_alone(self, student, seed):
        """The network's parameters require a gradient as before: whether they do is their owner's to choose."""
        draw = Draw([seed, 6])
        network = {"eps_model": Probe("CurvedEpsModel"), "local_probes": True, "recorded": False}
        reply = student(**self.arguments(draw) | network)
        if reply.unfrozen:
            raise reply.fail("requires_grad of the network's parameters was changed", "as it was", kind="says all")

    def test_graph_is_freed(self, student, seed):
        """Every step starts from a graph of its own: nothing of the steps before is kept."""
        for operator in ("drop_pixels", "shrink"):
            arguments = self.arguments(Draw([seed, 1]), operator)
            reply = student(eps_model=Probe("CurvedEpsModel"), **arguments)
            if reply.kept_graph:
                said = "the graph of earlier steps is kept, so that memory grows"
                raise reply.fail(said, "a detached x_t each step", kind="says all")
            assert_detached(reply)
            assert_no_grad_left(reply)

    def test_gets_closer_to_the_measurement(self, student, seed):
        """The correction pulls the result towards the measurement."""
        arguments = self.arguments(Draw([seed, 1])) | {"eps_model": Probe("eps_model")}
        expected = reference.sample_dps(**arguments, scale=0.5)

        def residual(x):
            return float((arguments["measurement"] - drop_pixels(x)).norm())

        reply = student(**arguments, scale=0.5)
        got, wanted = residual(assert_image(reply, expected.shape)), residual(expected)
        if got > wanted + 1e4 * IDENTITY:
            raise reply.fail("the result is further from the measurement", f"{wanted:.6g}", f"{got:.6g}")
