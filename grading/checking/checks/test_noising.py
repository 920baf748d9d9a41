import math

import torch
from hypothesis import strategies as st

from reference import noising as reference

from ...sandbox.crossing.values import Leaf
from ..compare import assert_close, assert_same
from . import draws, grades, holds_for, levels, shapes
from .expect import FLOAT32, IDENTITY, about, assert_each_for_itself, assert_gradients, assert_image

lengths = st.integers(2, 400)


def _table(reply, length):
    """The reply's values as a float64 table, or a failure that says what came instead."""
    return assert_image(reply, (length,)).double()


class Ends:
    def check_ends(self, student, length):
        reply = student(num_train_steps=length, beta_start=0.001, beta_end=0.04)
        table = _table(reply, length)
        ends = torch.tensor([0.001, 0.04], dtype=torch.float64)
        assert_close(about(reply, table[[0, -1]]), ends, FLOAT32, what="the first or the last entry")
        return reply, table


@grades("noising.linear_betas")
class TestLinearBetas(Ends):
    @holds_for(length=lengths)
    def test_ends_and_spacing(self, student, length):
        """Both ends are included for every T, and the values are evenly spaced."""
        reply, table = self.check_ends(student, length)
        spacing = torch.full((length - 1,), 0.039 / (length - 1), dtype=torch.float64)
        assert_close(about(reply, table.diff()), spacing, FLOAT32, what="the spacing")


@grades("noising.scaled_linear_betas")
class TestScaledLinearBetas(Ends):
    @holds_for(length=lengths)
    def test_ends_and_spacing(self, student, length):
        """Both ends are included for every T, and the square roots are evenly spaced."""
        reply, table = self.check_ends(student, length)
        step = (math.sqrt(0.04) - math.sqrt(0.001)) / (length - 1)
        spacing = torch.full((length - 1,), step, dtype=torch.float64)
        assert_close(about(reply, table.sqrt().diff()), spacing, 8 * FLOAT32, what="the spacing of the square roots")


@grades("noising.cosine_betas")
class TestCosineBetas:
    @holds_for(length=st.integers(2, 200))
    def test_product_is_a_squared_cosine(self, student, length):
        """The running product of 1 - beta follows the squared cosine."""
        reply = student(num_train_steps=length)
        table = _table(reply, length)
        f = torch.cos((torch.arange(1, length, dtype=torch.float64) / length + 0.008) / 1.008 * math.pi / 2) ** 2
        expected = f / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
        assert_close(about(reply, torch.cumprod(1 - table, 0)[:-1]), expected, 1e-4, what="the running product")

    @holds_for(length=st.integers(800, 2000), offset=st.sampled_from((0.008, 0.0)))
    def test_first_betas(self, student, length, offset):
        """The first betas are as small as the curve makes them: nothing bounds them from below."""
        reply = student(num_train_steps=length, offset=offset)
        f = torch.cos((torch.arange(21, dtype=torch.float64) / length + offset) / (1 + offset) * math.pi / 2) ** 2
        first = _table(reply, length)[:20]
        if bool(first[0] == first[1]):
            raise reply.fail(
                "the first betas are bounded from below", "betas that grow", f"{first[0]:.4g} several times"
            )
        # In float32 they come out to within 2e-7; the smallest is 6e-7, and bounds in use begin at 1e-5.
        assert_close(about(reply, first), 1 - f[1:] / f[:-1], 2e-6, what="the beginning", kind="value")

    @holds_for(bound=st.floats(0.05, 0.9))
    def test_bound(self, student, bound):
        """No beta exceeds max_beta, and the last one reaches it."""
        reply = student(num_train_steps=50, max_beta=bound)
        largest = _table(reply, 50).max().reshape(())
        assert_close(about(reply, largest), torch.tensor(bound, dtype=torch.float64), FLOAT32, what="the largest beta")


@grades("noising.cumulative_alphas")
class TestCumulativeAlphas:
    @holds_for(beta=st.floats(0.001, 0.5), length=st.integers(1, 50))
    def test_equal_betas(self, student, beta, length):
        """Equal betas give powers of 1 - beta, the first entry being one step of noise."""
        reply = student(betas=torch.full((length,), beta, dtype=torch.float64))
        assert_close(reply, (1 - beta) ** torch.arange(1, length + 1, dtype=torch.float64), IDENTITY)


@grades("noising.strided_timesteps")
class TestStridedTimesteps:
    @holds_for(steps=st.integers(1, 1000), share=st.floats(0.01, 1))
    def test_multiples(self, student, steps, share):
        """S ints, multiples of one stride, from the largest down to 0."""
        count = max(1, int(steps * share))
        reply = student(num_train_steps=steps, num_inference_steps=count)
        assert_same(reply, [i * (steps // count) for i in range(count)][::-1])


@grades("noising.add_noise")
class TestAddNoise:
    @holds_for(draw=draws, t=levels)
    def test_variance_is_preserved(self, student, draw, t):
        """The squared weights of image and noise add up to 1."""
        one, zero = torch.ones(1, 1, 1, 1, dtype=torch.float64), torch.zeros(1, 1, 1, 1, dtype=torch.float64)
        schedule = draw.schedule()
        signal = student(x0=one, noise=zero, t=t, alphas_cumprod=schedule)
        noise = student(x0=zero, noise=one, t=t, alphas_cumprod=schedule)
        assert_image(signal, one.shape)
        assert_image(noise, one.shape)
        assert_close(about(noise, signal.value**2 + noise.value**2), one, IDENTITY, what="the sum of squared weights")

    @holds_for(draw=draws, shape=shapes)
    def test_ends_of_the_schedule(self, student, draw, shape):
        """As abar goes to 1 the image comes back, as it goes to 0 the noise."""
        x0, noise = draw.images(2, shape)
        tiny = 1e-12
        schedule = torch.tensor([1 - tiny, 0.5, tiny], dtype=torch.float64)
        close = 20 * math.sqrt(tiny)  # the other one is still there with a weight of √tiny
        assert_close(student(x0=x0, noise=noise, t=0, alphas_cumprod=schedule), x0, close)
        assert_close(student(x0=x0, noise=noise, t=2, alphas_cumprod=schedule), noise, close)

    @holds_for(draw=draws, shape=shapes)
    def test_samples_are_independent(self, student, draw, shape):
        """With one t per sample each sample gets what it would get alone."""
        x0, noise = draw.images(2, shape)
        t, schedule = draw.timestep_per_sample(shape[0]), draw.schedule()
        alone = [reference.add_noise(x0[i : i + 1], noise[i : i + 1], int(t[i]), schedule) for i in range(shape[0])]
        assert_each_for_itself(
            student(x0=x0, noise=noise, t=t, alphas_cumprod=schedule),
            torch.cat(alone),
            lambda i: student(x0=x0[i : i + 1], noise=noise[i : i + 1], t=int(t[i]), alphas_cumprod=schedule),
        )

    @holds_for(draw=draws, t=levels)
    def test_differentiable(self, student, draw, t):
        """Gradients flow into image and noise, each with its weight."""
        x0, noise, cotangent = draw.images(3)
        schedule = draw.schedule()
        reply = student(x0=Leaf(x0), noise=Leaf(noise), t=t, alphas_cumprod=schedule, cotangent=cotangent)
        abar_t = schedule[t].item()
        assert_gradients(reply, x0=math.sqrt(abar_t) * cotangent, noise=math.sqrt(1 - abar_t) * cotangent)
