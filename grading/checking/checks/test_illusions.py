import math

import torch
from hypothesis import strategies as st

from ...sandbox.crossing.probes import conditional_eps_model
from ...sandbox.crossing.values import Leaf
from ..compare import assert_close
from . import draws, grades, holds_for, shapes
from .expect import FLOAT32, IDENTITY, about, assert_image, cut_off

kernels = st.tuples(st.integers(0, 6).map(lambda half: 2 * half + 1), st.floats(0.5, 4))


def _prompts(draw, batch, *names):
    return dict(zip(names, draw.images(len(names), (batch, 4))))


@grades("illusions.anagram_eps")
class TestAnagramEps:
    @holds_for(draw=draws, shape=shapes)
    def test_turning_the_image_swaps_the_prompts(self, student, draw, shape):
        """For an image turned upside down and swapped prompts, the estimate is the same one turned upside down."""
        x_t = draw.image(*shape)
        a, b = draw.images(2, (shape[0], 4))
        upright = student(model=conditional_eps_model, x_t=x_t, t=400, cond_upright=a, cond_flipped=b)
        turned = student(model=conditional_eps_model, x_t=x_t.flip(2), t=400, cond_upright=b, cond_flipped=a)
        assert_close(turned, assert_image(upright, shape).flip(2), IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_constant_network(self, student, draw, shape):
        """Where the network answers with one number, the estimate is that number: a mean, not a sum."""
        prompts = _prompts(draw, shape[0], "cond_upright", "cond_flipped")
        reply = student(model=lambda x_t, t, cond: torch.full_like(x_t, 0.7), x_t=draw.image(*shape), t=10, **prompts)
        assert_close(reply, torch.full(shape, 0.7, dtype=torch.float64), IDENTITY)


@grades("illusions.gaussian_kernel1d")
class TestGaussianKernel1d:
    @holds_for(kernel=kernels)
    def test_shape_of_the_bell(self, student, kernel):
        """It sums to 1, is symmetric, and falls off as the Gaussian does."""
        size, sigma = kernel
        reply = student(kernel_size=size, sigma=sigma)
        taps = assert_image(reply, (size,)).double()
        one = torch.tensor(1.0, dtype=torch.float64)
        assert_close(about(reply, taps.sum()), one, FLOAT32, what="the sum of the kernel")
        assert_close(about(reply, taps.flip(0)), taps, FLOAT32, what="the mirrored kernel")
        offsets = torch.arange(size, dtype=torch.float64) - size // 2
        bell = taps[size // 2] * torch.exp(-(offsets**2) / (2 * sigma**2))
        assert_close(reply, bell, FLOAT32)


@grades("illusions.lowpass")
class TestLowpass:
    @holds_for(draw=draws, sigma=st.floats(0.5, 3))
    def test_constant_images_stay(self, student, draw, sigma):
        """A constant image stays as it is, up to its border."""
        x = torch.full((2, 3, 6, 8), draw.number(-1, 1), dtype=torch.float64)
        assert_close(student(x=x, kernel_size=7, sigma=sigma), x, IDENTITY)

    @holds_for(sigma=st.floats(0.5, 3))
    def test_impulse(self, student, sigma):
        """One bright pixel becomes the kernel, in its own sample and channel only."""
        x = torch.zeros(2, 3, 9, 11, dtype=torch.float64)
        x[1, 2, 4, 5] = 1
        offsets = torch.arange(-2, 3, dtype=torch.float64)
        bell = torch.exp(-(offsets**2) / (2 * sigma**2))
        expected = torch.zeros_like(x)
        expected[1, 2, 2:7, 3:8] = torch.outer(bell, bell) / bell.sum() ** 2
        assert_close(student(x=x, kernel_size=5, sigma=sigma), expected, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_border_is_a_mirror(self, student, draw, shape):
        """Beyond the border the image goes on as in a mirror, without repeating the edge."""
        x = draw.image(*shape)
        padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")
        side = math.exp(-0.5 / 1.2**2)
        taps = torch.tensor([side, 1, side], dtype=torch.float64) / (1 + 2 * side)
        rows = sum(w * padded[:, :, i : i + shape[2]] for i, w in enumerate(taps))
        expected = sum(w * rows[..., i : i + shape[3]] for i, w in enumerate(taps))
        reply = student(x=x, kernel_size=3, sigma=1.2)
        # Within the mirrored image there is no border.
        inside = assert_image(student(x=padded, kernel_size=3, sigma=1.2), padded.shape)[:, :, 1:-1, 1:-1]
        assert_close(reply, inside.double(), IDENTITY)
        assert_close(reply, expected, IDENTITY, kind="value")

    @holds_for(draw=draws)
    def test_differentiable(self, student, draw):
        """The gradient is there, and linear: that of the sum of all pixels has the sum of all pixels."""
        reply = student(x=Leaf(draw.image(2, 2, 6, 7)), kernel_size=5, sigma=1.0, cotangent=draw.image(2, 2, 6, 7))
        if reply.grads is None or reply.grads.get("x") is None:
            raise cut_off(reply)


@grades("illusions.hybrid_eps")
class TestHybridEps:
    @holds_for(draw=draws, shape=shapes)
    def test_same_prompt_twice(self, student, draw, shape):
        """With the same prompt twice, low and high frequencies add up to the plain estimate."""
        x_t, cond = draw.image(*shape), draw.image(shape[0], 4)
        options = {"kernel_size": 3, "sigma": 1.5}
        reply = student(model=conditional_eps_model, x_t=x_t, t=200, cond_low=cond, cond_high=cond.clone(), **options)
        assert_close(reply, conditional_eps_model(x_t, 200, cond), IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_kernel_of_one_tap(self, student, draw, shape):
        """A kernel of one tap passes everything, so that only the low-frequency prompt counts."""
        x_t = draw.image(*shape)
        prompts = _prompts(draw, shape[0], "cond_low", "cond_high")
        reply = student(model=conditional_eps_model, x_t=x_t, t=200, **prompts, kernel_size=1, sigma=1.0)
        assert_close(reply, conditional_eps_model(x_t, 200, prompts["cond_low"]), IDENTITY)

    @holds_for(draw=draws)
    def test_constant_networks(self, student, draw):
        """A constant has no high frequencies: only the low-frequency prompt's constant is left."""
        shape = (2, 2, 6, 7)
        prompts = _prompts(draw, 2, "cond_low", "cond_high")
        level = lambda x_t, t, cond: cond.sum(1).reshape(-1, 1, 1, 1).expand(x_t.shape).clone()
        reply = student(model=level, x_t=draw.image(*shape), t=200, **prompts, kernel_size=5, sigma=1.5)
        assert_close(reply, level(torch.zeros(shape), 200, prompts["cond_low"]), IDENTITY)
