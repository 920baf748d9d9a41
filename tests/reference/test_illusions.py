"""illusions: blurs against scipy, flips against index arithmetic."""

import pytest
import scipy.ndimage
import scipy.signal
import torch

from reference.illusions import anagram_eps, gaussian_kernel1d, hybrid_eps, lowpass

BLURS = [(33, 2.0), (33, 5.0), (3, 0.5), (7, 3.0), (1, 1.0)]


def scipy_lowpass(x, kernel_size, sigma):
    """scipy's 'mirror' is torch's 'reflect': the edge pixel is not repeated."""
    blurred = scipy.ndimage.gaussian_filter(
        x.double().numpy(), sigma, mode="mirror", radius=kernel_size // 2, axes=(2, 3)
    )
    return torch.from_numpy(blurred)


@pytest.mark.parametrize("kernel_size, sigma", BLURS)
def test_the_kernel_is_scipys_gaussian_window_normalised(kernel_size, sigma):
    window = torch.from_numpy(scipy.signal.windows.gaussian(kernel_size, sigma))
    kernel = gaussian_kernel1d(kernel_size, sigma)
    torch.testing.assert_close(kernel, window / window.sum(), rtol=1e-12, atol=0)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-14)


def test_default_blur_is_33_taps_of_sigma_2(rand):
    assert torch.equal(gaussian_kernel1d(), gaussian_kernel1d(33, 2.0))
    x = rand(1, 1, 20, 18)
    assert torch.equal(lowpass(x), lowpass(x, 33, 2.0))


@pytest.mark.parametrize("kernel_size, sigma", BLURS)
@pytest.mark.parametrize("shape", [(3, 2, 20, 17), (1, 3, 17, 40)])
def test_lowpass_matches_scipy(rand, shape, kernel_size, sigma):
    x = rand(*shape)
    expected = scipy_lowpass(x, kernel_size, sigma)
    torch.testing.assert_close(lowpass(x, kernel_size, sigma), expected, rtol=0, atol=1e-14)
    torch.testing.assert_close(lowpass(x.float(), kernel_size, sigma), expected.float(), rtol=0, atol=2e-6)


def test_lowpass_keeps_a_constant_image():
    x = torch.full((2, 3, 18, 20), 0.7, dtype=torch.float64)
    torch.testing.assert_close(lowpass(x), x, rtol=0, atol=1e-14)


def test_lowpass_mixes_neither_channels_nor_samples(rand):
    x = rand(3, 2, 9, 8)
    together = lowpass(x, 5, 1.5)
    for i in range(3):
        for c in range(2):
            alone = lowpass(x[i : i + 1, c : c + 1], 5, 1.5)
            torch.testing.assert_close(together[i : i + 1, c : c + 1], alone, rtol=0, atol=1e-14)


def test_lowpass_of_a_view_that_is_not_contiguous(rand):
    x = rand(2, 9, 8, 3).permute(0, 3, 1, 2)
    torch.testing.assert_close(lowpass(x, 5, 1.5), lowpass(x.contiguous(), 5, 1.5), rtol=0, atol=0)


def test_lowpass_is_differentiable(rand):
    x = rand(2, 1, 4, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: lowpass(x, 5, 1.2), (x,))


def test_the_smallest_image_that_can_be_reflected(rand):
    assert lowpass(rand(1, 1, 3, 4), 5, 1.0).shape == (1, 1, 3, 4)


def uneven_model(weights):
    """eps depends on the place: weights (C, H, W) times x_t, plus the condition, plus t."""
    return lambda x_t, t, cond: weights * x_t + cond.sum(dim=1).reshape(-1, 1, 1, 1) * weights.square() + t / 100


def test_anagram_is_the_mean_of_two_upright_estimates(rand):
    B, C, H, W = 3, 2, 5, 4
    x_t, c1, c2, weights = rand(B, C, H, W), rand(B, 6), rand(B, 6), rand(C, H, W)
    model = uneven_model(weights)
    rows = torch.arange(H - 1, -1, -1)
    upright = model(x_t, 40, c1)
    flipped = model(x_t[:, :, rows], 40, c2)[:, :, rows]
    expected = 0.5 * upright + 0.5 * flipped
    torch.testing.assert_close(anagram_eps(model, x_t, 40, c1, c2), expected, rtol=1e-12, atol=1e-12)


def test_anagram_turned_upside_down_swaps_the_prompts(rand):
    x_t, c1, c2, model = rand(3, 2, 5, 4), rand(3, 6), rand(3, 6), uneven_model(rand(2, 5, 4))
    turned = anagram_eps(model, x_t.flip(2), 40, c2, c1).flip(2)
    torch.testing.assert_close(anagram_eps(model, x_t, 40, c1, c2), turned, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kernel_size, sigma", [(33, 2.0), (5, 1.5)])
def test_hybrid_takes_low_from_the_first_and_high_from_the_second(rand, kernel_size, sigma):
    x_t, c1, c2, model = rand(3, 2, 18, 20), rand(3, 6), rand(3, 6), uneven_model(rand(2, 18, 20))
    low, high = model(x_t, 40, c1), model(x_t, 40, c2)
    expected = scipy_lowpass(low, kernel_size, sigma) + high - scipy_lowpass(high, kernel_size, sigma)
    actual = hybrid_eps(model, x_t, 40, c1, c2, kernel_size, sigma)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_hybrid_of_one_prompt_is_the_plain_estimate(rand):
    x_t, cond, model = rand(3, 2, 18, 20), rand(3, 6), uneven_model(rand(2, 18, 20))
    actual = hybrid_eps(model, x_t, 40, cond, cond.clone())
    torch.testing.assert_close(actual, model(x_t, 40, cond), rtol=0, atol=1e-12)


def test_illusions_ask_once_for_each_prompt(rand):
    for function in (anagram_eps, hybrid_eps):
        conditions = []

        def model(x_t, t, cond, conditions=conditions):
            assert type(t) is int
            conditions.append(cond)
            return x_t

        c1, c2 = rand(1, 6), rand(1, 6)
        function(model, rand(1, 1, 18, 20), 40, c1, c2)
        assert len(conditions) == 2
        assert {id(c) for c in conditions} == {id(c1), id(c2)}
