"""guidance: the combination spelled out, and how a network is asked."""

import pytest
import torch

from reference.guidance import classifier_free_guidance, guided_eps


@pytest.mark.parametrize("scale", [-2.0, 0.0, 0.5, 1.0, 3.5, 7.5, 100.0])
def test_guidance_is_a_weighted_sum(rand, scale):
    eps_uncond, eps_cond = rand(3, 2, 5, 4), rand(3, 2, 5, 4)
    expected = (1 - scale) * eps_uncond + scale * eps_cond
    actual = classifier_free_guidance(eps_uncond, eps_cond, scale)
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


def test_the_ends_of_the_scale(rand):
    eps_uncond, eps_cond = rand(3, 2, 5, 4), rand(3, 2, 5, 4)
    assert torch.equal(classifier_free_guidance(eps_uncond, eps_cond, 0.0), eps_uncond)
    torch.testing.assert_close(classifier_free_guidance(eps_uncond, eps_cond, 1.0), eps_cond, rtol=0, atol=1e-15)


def test_the_papers_weight_is_one_less(rand):
    """Ho and Salimans, Eq. 6: (1 + w) eps_cond - w eps_uncond."""
    eps_uncond, eps_cond, w = rand(1, 1, 2, 3), rand(1, 1, 2, 3), 2.5
    paper = (1 + w) * eps_cond - w * eps_uncond
    torch.testing.assert_close(classifier_free_guidance(eps_uncond, eps_cond, 1 + w), paper, rtol=1e-12, atol=1e-12)


def test_guidance_is_differentiable_in_both(rand):
    inputs = rand(1, 1, 2, 3).requires_grad_(), rand(1, 1, 2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda u, c: classifier_free_guidance(u, c, 3.5), inputs)


class LinearModel:
    """eps = x_t · (1 + t / 100) + mean of a weighted condition; works for any batch, and counts evaluated samples."""

    def __init__(self):
        self.conditions, self.timesteps = [], []

    def __call__(self, x_t, t, cond):
        self.conditions.append(cond.clone())
        self.timesteps.append(t)
        weights = torch.arange(1, cond.shape[1] + 1, dtype=cond.dtype)
        return x_t * (1 + t / 100) + (cond * weights).sum(dim=1).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize("scale", [-1.0, 0.0, 1.0, 3.5])
def test_guided_eps_asks_with_and_without_the_condition(rand, scale):
    x_t, cond, null_cond = rand(3, 2, 5, 4), rand(3, 6), rand(3, 6)
    plain = LinearModel()
    eps_cond, eps_uncond = plain(x_t, 40, cond), plain(x_t, 40, null_cond)
    model = LinearModel()
    actual = guided_eps(model, x_t, 40, cond, null_cond, scale)
    torch.testing.assert_close(actual, (1 - scale) * eps_uncond + scale * eps_cond, rtol=1e-12, atol=1e-12)
    asked = torch.cat(model.conditions)
    assert len(asked) <= 6, "at most one evaluation for each condition"
    assert all(t == 40 and type(t) is int for t in model.timesteps)


def test_guided_eps_does_not_care_about_equal_conditions(rand):
    x_t, cond = rand(3, 2, 5, 4), rand(3, 6)
    expected = LinearModel()(x_t, 7, cond)
    torch.testing.assert_close(guided_eps(LinearModel(), x_t, 7, cond, cond.clone(), 7.5), expected)
