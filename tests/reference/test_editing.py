"""editing: the loops written out once more with diffusers' steps, and what an edit must leave alone."""

import math

import pytest
import torch
from diffusers import DDPMScheduler

from reference.ddpm import sample_ddpm
from reference.editing import inpaint, repaint_blend, sdedit
from reference.noising import strided_timesteps

SHAPE = (3, 2, 5, 4)
MASK_SHAPES = [(3, 2, 5, 4), (1, 2, 5, 4), (3, 1, 5, 4), (1, 1, 5, 4)]


def binary(rand, *shape):
    return (rand(*shape) > 0).double()


def posterior_oracle(x_t, eps, z, abar_t, abar_prev):
    """The DDPM step from Bayes' rule, in floats."""
    x0 = (x_t - math.sqrt(1 - abar_t) * eps) / math.sqrt(abar_t)
    if abar_prev == 1:
        return x0
    alpha = abar_t / abar_prev
    precision = 1 / (1 - abar_prev) + alpha / (1 - alpha)
    mean = (math.sqrt(abar_prev) / (1 - abar_prev) * x0 + math.sqrt(alpha) / (1 - alpha) * x_t) / precision
    return mean + z / math.sqrt(precision)


@pytest.mark.parametrize("start", [0, 3, 9])
def test_sdedit_is_a_noised_start_and_diffusers_steps(rand, diffusers_scheduler, linear_model, start):
    theirs = diffusers_scheduler(DDPMScheduler, "linear", 10)
    image, noise = rand(*SHAPE), rand(*SHAPE)
    timesteps = strided_timesteps(1000, 10)
    expected = theirs.add_noise(image, noise, torch.tensor([timesteps[start]] * 3))
    generator = torch.Generator().manual_seed(1)
    for t in timesteps[start:]:
        expected = theirs.step(linear_model(expected, t), t, expected, generator=generator).prev_sample
    generator.manual_seed(1)
    actual = sdedit(
        linear_model,
        image,
        noise,
        start,
        timesteps,
        theirs.alphas_cumprod,
        lambda x: torch.randn(x.shape, generator=generator, dtype=x.dtype),
    )
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


def test_sdedit_returns_the_image_when_the_network_knows_its_noise(rand, alphas_cumprod):
    """From the last timestep there is one step, straight to x_0."""
    image, noise = rand(*SHAPE), rand(*SHAPE)
    actual = sdedit(lambda x_t, t: noise, image, noise, 2, [900, 500, 40], alphas_cumprod)
    torch.testing.assert_close(actual, image, rtol=0, atol=1e-12)


def test_a_larger_start_stays_closer_to_the_image(rand, alphas_cumprod):
    """For data N(0, 1) the ideal eps is √(1-ᾱ) x_t, and edit and image have the correlation ᾱ of the start's level."""
    image, timesteps = rand(1, 1, 60, 60), strided_timesteps(1000, 200)
    for start in (0, 100, 150, 180):
        edited = sdedit(
            lambda x_t, t: (1 - alphas_cumprod[t]).sqrt() * x_t,
            image,
            rand(1, 1, 60, 60),
            start,
            timesteps,
            alphas_cumprod,
            lambda x: rand(*x.shape),
        )
        correlation = torch.corrcoef(torch.stack([image.flatten(), edited.flatten()]))[0, 1].item()
        assert correlation == pytest.approx(float(alphas_cumprod[timesteps[start]]), abs=4 / 60)


@pytest.mark.parametrize("mask_shape", MASK_SHAPES)
@pytest.mark.parametrize("t_prev", [-1, 0, 30, 960, 999])
def test_repaint_blend_keeps_the_new_where_the_mask_is_1(rand, alphas_cumprod, t_prev, mask_shape):
    x_prev, x_orig, noise, edit_mask = rand(*SHAPE), rand(*SHAPE), rand(*SHAPE), binary(rand, *mask_shape)
    abar_prev = 1.0 if t_prev == -1 else float(alphas_cumprod[t_prev])
    known = math.sqrt(abar_prev) * x_orig + math.sqrt(1 - abar_prev) * noise
    expected = torch.where(edit_mask.expand(SHAPE) == 1, x_prev, known)
    actual = repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod)
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mask_shape", MASK_SHAPES)
@pytest.mark.parametrize("timesteps", [[990, 960, 30, 0], [500], [800, 400, 100]])
def test_inpaint_is_a_step_and_a_blend_at_each_timestep(
    rand, recorded, linear_model, alphas_cumprod, timesteps, mask_shape
):
    x_T, x_orig, edit_mask = rand(*SHAPE), rand(*SHAPE), binary(rand, *mask_shape)
    noise_fn = recorded(rand)
    actual = inpaint(linear_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn)
    assert len(noise_fn.draws) == 2 * (len(timesteps) - 1)
    draws = iter(noise_fn.draws)
    expected = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1], strict=True):
        abar_prev = 1.0 if t_prev == -1 else float(alphas_cumprod[t_prev])
        step_noise, blend_noise = (next(draws), next(draws)) if t_prev >= 0 else (0, 0)
        eps = linear_model(expected, t)
        stepped = posterior_oracle(expected, eps, step_noise, float(alphas_cumprod[t]), abar_prev)
        known = math.sqrt(abar_prev) * x_orig + math.sqrt(1 - abar_prev) * blend_noise
        expected = torch.where(edit_mask.expand(SHAPE) == 1, stepped, known)
    torch.testing.assert_close(actual, expected, rtol=1e-8, atol=1e-8)


def test_inpaint_returns_the_known_part_unchanged(rand, linear_model, alphas_cumprod):
    x_T, x_orig, edit_mask = rand(*SHAPE), rand(*SHAPE), binary(rand, 1, 1, 5, 4)
    result = inpaint(linear_model, x_T, x_orig, edit_mask, [900, 300, 0], alphas_cumprod, lambda x: rand(*x.shape))
    known = edit_mask.expand(SHAPE) == 0
    assert torch.equal(result[known], x_orig[known])
    assert not torch.isclose(result[~known], x_orig[~known]).any()


def test_inpaint_of_everything_is_ddpm(rand, linear_model, alphas_cumprod):
    x_T, x_orig, edit_mask = rand(*SHAPE), rand(*SHAPE), torch.ones(1, 1, 5, 4).double()
    half = torch.full(SHAPE, 0.5).double()
    actual = inpaint(linear_model, x_T, x_orig, edit_mask, [900, 300, 0], alphas_cumprod, lambda x: half)
    expected = sample_ddpm(linear_model, x_T, [900, 300, 0], alphas_cumprod, lambda x: half)
    assert torch.equal(actual, expected)
