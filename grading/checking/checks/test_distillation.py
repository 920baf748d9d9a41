import torch
from hypothesis import strategies as st

from ...sandbox.crossing.values import Leaf
from ...sandbox.replies import Reply
from ..compare import assert_close
from ..points import Draw
from . import draws, grades, holds_for, levels, shapes
from .expect import IDENTITY, about, assert_detached, assert_each_for_itself, assert_gradients, assert_image


@grades("distillation.sds_weight")
class TestSDSWeight:
    @holds_for(draw=draws, t=levels)
    def test_noise_variance(self, student, draw, t):
        """The weight is the noise's share of the variance: what abar leaves of 1."""
        schedule = draw.schedule()
        assert_close(student(t=t, alphas_cumprod=schedule), 1 - schedule[t], IDENTITY, what="the weight")

    @holds_for(draw=draws, batch=st.integers(1, 4))
    def test_shape_follows_t(self, student, draw, batch):
        """A t of shape (B,) gives one weight per sample, shape (B,)."""
        t, schedule = draw.timestep_per_sample(batch), draw.schedule()
        assert_close(student(t=t, alphas_cumprod=schedule), 1 - schedule[t], IDENTITY, kind="value")


class Residual:
    """What SDS's and VSD's residuals have in common: a weighted difference that nothing flows through."""

    first = second = ""

    @holds_for(draw=draws, shape=shapes, t=levels)
    def test_equal_predictions(self, student, draw, shape, t):
        """Where both agree there is nothing to correct."""
        eps, schedule = draw.image(*shape), draw.schedule()
        reply = student(**{self.first: eps, self.second: eps.clone()}, t=t, alphas_cumprod=schedule)
        assert_close(reply, torch.zeros_like(eps), IDENTITY)

    @holds_for(draw=draws, shape=shapes, t=levels)
    def test_sign(self, student, draw, shape, t):
        """It points from the second prediction to the first."""
        eps, schedule = draw.image(*shape), draw.schedule()
        zero = torch.zeros_like(eps)
        for sign, pair in ((1, {self.first: eps, self.second: zero}), (-1, {self.first: zero, self.second: eps})):
            reply = student(**pair, t=t, alphas_cumprod=schedule)
            if float((assert_image(reply, shape) * sign * eps).sum()) < 0:
                raise reply.fail("it points from the first prediction to the second")
            assert_close(reply, sign * (1 - schedule[t].item()) * eps, IDENTITY, kind="value")

    @holds_for(draw=draws, shape=shapes)
    def test_samples_are_independent(self, student, draw, shape):
        """With one t per sample each sample has its own weight."""
        first, second = draw.images(2, shape)
        t, schedule = draw.timestep_per_sample(shape[0]), draw.schedule()
        expected = torch.stack([(1 - schedule[t[i]]) * (first[i] - second[i]) for i in range(shape[0])])
        pair = {self.first: first, self.second: second}

        def alone(i):
            return student(
                **{name: value[i : i + 1] for name, value in pair.items()}, t=int(t[i]), alphas_cumprod=schedule
            )

        assert_each_for_itself(student(**pair, t=t, alphas_cumprod=schedule), expected, alone)

    @holds_for(draw=draws, t=levels)
    def test_detached(self, student, draw, t):
        """The result is detached, also where the predictions are not."""
        pair = dict(zip((self.first, self.second), draw.images(2)))
        rest = {"t": t, "alphas_cumprod": draw.schedule()}
        attached, replies = [], list[Reply]()
        for name in pair:  # one at a time, so that it is known which of the two is cut off
            replies.append(student(**pair | {name: Leaf(pair[name])}, **rest))
            assert_image(replies[-1], pair[name].shape)
            attached += [name] * replies[-1].attached
        if attached:
            graphs = f"the graph{'s' * (len(attached) - 1)} of {' and '.join(attached)}"
            raise replies[-1].fail(f"the result hangs on {graphs}", kind="detached")
        assert_detached(student(**{name: Leaf(value) for name, value in pair.items()}, **rest))


@grades("distillation.sds_residual")
class TestSDSResidual(Residual):
    first, second = "eps_pred", "noise"


@grades("distillation.vsd_residual")
class TestVSDResidual(Residual):
    first, second = "eps_pretrained", "eps_lora"


@grades("distillation.surrogate_loss")
class TestSurrogateLoss:
    @holds_for(draw=draws, shape=shapes)
    def test_gradient(self, student, draw, shape):
        """The gradient with respect to x is the residual divided by the batch size."""
        x, residual = draw.images(2, shape)
        one = torch.tensor(1.0, dtype=torch.float64)
        reply = student(x=Leaf(x), residual=residual, cotangent=one)
        assert_gradients(reply, x=residual / shape[0])

    @holds_for(draw=draws, shape=shapes)
    def test_value(self, student, draw, shape):
        """The value is half the residual's sum of squares, divided by the batch size."""
        x, residual = draw.images(2, shape)
        expected = (residual**2).sum() / (2 * shape[0])
        reply = student(x=x, residual=residual)
        assert_image(reply, ())
        assert_close(about(reply, reply.value), expected, 100 * IDENTITY)

    def test_large_residuals(self, student, seed):
        """A large residual counts as much as a small one."""
        x, residual = Draw([seed, 5]).images(2)
        reply = student(x=Leaf(x), residual=100 * residual, cotangent=torch.tensor(1.0, dtype=torch.float64))
        assert_gradients(reply, 1e3 * IDENTITY, x=100 * residual / len(x))

    @holds_for(draw=draws, shape=shapes)
    def test_nothing_flows_into_the_residual(self, student, draw, shape):
        """No gradient reaches the residual, also where it hangs on a graph."""
        x, residual = draw.images(2, shape)
        one = torch.tensor(1.0, dtype=torch.float64)
        reply = student(x=Leaf(x), residual=Leaf(residual), cotangent=one)
        assert_gradients(reply, x=residual / shape[0], residual=None)
