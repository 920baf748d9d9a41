"""augment: the box's shape, its statistics, and the given transforms against plain loops.

The statistical tests run on fixed seeds. Each states the probability that a correct function on a random seed would
fail it; together that is below 1e-7.
"""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats

from reference.augment import (
    diff_augment,
    rand_brightness,
    rand_contrast,
    rand_cutout,
    rand_saturation,
    rand_translation,
)

TRANSFORMS = [rand_brightness, rand_saturation, rand_contrast, rand_translation, rand_cutout, diff_augment]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=seeded(seed), dtype=dtype)


def boxes(shape, ratio_range=(0.25, 0.5), seed=0):
    """(top, left, height, width) of each sample's box, after a check that it is one full rectangle of zeros."""
    y = rand_cutout(torch.ones(shape), ratio_range, seeded(seed))
    hole = y == 0
    assert torch.equal(hole, hole[:, :1].expand(shape)), "the box is the same in all channels"
    assert torch.equal(y, torch.where(hole, 0.0, 1.0))
    hole = hole[:, 0]
    in_rows, in_columns = hole.any(dim=2), hole.any(dim=1)
    assert torch.equal(hole, in_rows[:, :, None] & in_columns[:, None, :])
    result = []
    for line in (in_rows, in_columns):
        first, count = line.int().argmax(dim=1), line.sum(dim=1)
        last = line.shape[1] - 1 - line.flip(1).int().argmax(dim=1)
        assert torch.equal(last - first + 1, count), "no gap in the box"
        result += [first.numpy(), count.numpy()]
    top, height, left, width = result
    return top, left, height, width


def is_uniform(counts, false_alarm):
    """Pearson's chi-square test that all cells are equally likely."""
    counts = np.asarray(counts, dtype=float).ravel()
    assert counts.mean() >= 20, "too few draws for the chi-square approximation"
    statistic = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    return statistic < stats.chi2.isf(false_alarm, counts.size - 1)


# H, W and ratios, and the sides in whole pixels that they stand for.
SIDES = [
    ((12, 20), (0.25, 0.5), (3, 6), (5, 10)),
    ((20, 12), (0.25, 0.5), (5, 10), (3, 6)),
    ((16, 16), (0.25, 0.25), (4, 4), (4, 4)),
    ((8, 4), (0.5, 1.0), (4, 8), (2, 4)),
    ((9, 11), (0.25, 0.5), (2, 5), (3, 6)),  # 2.25, 4.5, 2.75, 5.5: to the nearest, halves up
    ((2, 1), (0.25, 0.5), (1, 1), (1, 1)),
]


@pytest.mark.parametrize(("size", "ratio_range", "heights", "widths"), SIDES)
def test_every_size_and_every_position_is_reached_and_no_other(size, ratio_range, heights, widths):
    # The rarest pair of side and corner has a probability of at least 1 / 96, so that 10,000 samples miss one of at
    # most 165 pairs with a probability below 165 (95 / 96)^10,000 < 1e-43.
    top, left, height, width = boxes((10_000, 1, *size), ratio_range)
    for side, (low, high), first, length in [(height, heights, top, size[0]), (width, widths, left, size[1])]:
        expected = {(n, i) for n in range(low, high + 1) for i in range(length - n + 1)}
        assert set(zip(side.tolist(), first.tolist())) == expected


def test_sides_are_uniform_and_independent_of_each_other():
    # 20,000 samples over 4 x 6 equally likely pairs; false alarm 1e-9. Detects any pair off by 13 %.
    _, _, height, width = boxes((20_000, 1, 12, 20), seed=1)
    counts = np.zeros((4, 6))
    np.add.at(counts, (height - 3, width - 5), 1)
    assert is_uniform(counts, 1e-9)


def test_corners_are_uniform_and_independent_of_each_other():
    # At fixed sides of 6 x 5 in 12 x 10: 7 x 6 equally likely corners; false alarm 1e-9.
    top, left, _, _ = boxes((20_000, 1, 12, 10), (0.5, 0.5), seed=2)
    counts = np.zeros((7, 6))
    np.add.at(counts, (top, left), 1)
    assert is_uniform(counts, 1e-9)


def test_corners_are_uniform_for_each_side():
    # One test for each of 4 heights; false alarm 4e-9.
    top, _, height, _ = boxes((20_000, 1, 12, 20), seed=3)
    for side in range(3, 7):
        assert is_uniform(np.bincount(top[height == side], minlength=13 - side), 1e-9)


def test_samples_of_a_batch_are_independent():
    # Heights, then corners, of neighbouring samples: 16 and 49 equally likely pairs; false alarm 2e-9.
    _, _, height, _ = boxes((20_000, 1, 12, 20), seed=4)
    top, _, _, _ = boxes((20_000, 1, 12, 10), (0.5, 0.5), seed=5)
    for value, low, cells in [(height, 3, 4), (top, 0, 7)]:
        counts = np.zeros((cells, cells))
        np.add.at(counts, (value[::2] - low, value[1::2] - low), 1)
        assert is_uniform(counts, 1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cutout_against_slices_on_a_clone(dtype):
    x = draw(5, 3, 12, 20, dtype=dtype)
    top, left, height, width = boxes(x.shape, seed=6)
    expected = x.clone()
    for n in range(5):
        expected[n, :, top[n] : top[n] + height[n], left[n] : left[n] + width[n]] = 0
    assert torch.equal(rand_cutout(x, generator=seeded(6)), expected)


def test_cutout_gradient_is_the_mask():
    x = draw(4, 2, 8, 12).requires_grad_()
    y = rand_cutout(x, generator=seeded())
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient, (y != 0).double())
    assert torch.autograd.gradcheck(lambda x: rand_cutout(x, generator=seeded()), x)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_generator_decides_and_the_global_state_rests(transform):
    x = draw(4, 3, 16, 24)
    before, original = torch.get_rng_state(), x.clone()
    first, again, other = (transform(x, generator=seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(x, original), "nothing in place"
    assert first.shape == x.shape and first.dtype == x.dtype


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_global_state_is_the_source_without_a_generator(transform):
    x = draw(4, 3, 16, 24)
    state = torch.get_rng_state()
    try:
        torch.manual_seed(0)
        first = transform(x)
        torch.manual_seed(0)
        assert torch.equal(transform(x), first)
        assert not torch.equal(transform(x), first)
    finally:
        torch.set_rng_state(state)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transforms_are_differentiable(transform):
    x = draw(2, 2, 8, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: transform(x, generator=seeded()), x)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_samples_draw_for_themselves(transform):
    x = draw(1, 3, 32, 32).repeat(16, 1, 1, 1)
    y = transform(x, generator=seeded())
    assert len({sample.numpy().tobytes() for sample in y}) > 8


def test_brightness_adds_one_number_per_image():
    x = draw(200, 3, 2, 4)
    shift = rand_brightness(x, seeded()) - x
    torch.testing.assert_close(shift, shift[:, :1, :1, :1].expand_as(x))
    # 200 uniform numbers in [-1/2, 1/2] leave one of the outer tenths empty with probability 2 · 0.9^200 < 2e-9.
    assert -0.5 <= shift.min() < -0.4 and 0.4 < shift.max() <= 0.5


def test_saturation_scales_the_distance_from_grey():
    x = draw(200, 3, 2, 4)
    y = rand_saturation(x, seeded())
    torch.testing.assert_close(y.mean(dim=1), x.mean(dim=1))
    factor = (y - y.mean(dim=1, keepdim=True)) / (x - x.mean(dim=1, keepdim=True))
    torch.testing.assert_close(factor, factor[:, :1, :1, :1].expand_as(x), rtol=1e-8, atol=1e-8)
    assert 0 <= factor.min() < 0.2 and 1.8 < factor.max() <= 2  # false alarm 2e-9, as above


def test_contrast_scales_the_distance_from_the_mean():
    x = draw(200, 3, 2, 4)
    y = rand_contrast(x, seeded())
    torch.testing.assert_close(y.mean(dim=(1, 2, 3)), x.mean(dim=(1, 2, 3)))
    factor = (y - y.mean(dim=(1, 2, 3), keepdim=True)) / (x - x.mean(dim=(1, 2, 3), keepdim=True))
    torch.testing.assert_close(factor, factor[:, :1, :1, :1].expand_as(x), rtol=1e-8, atol=1e-8)
    assert 0.5 <= factor.min() < 0.6 and 1.4 < factor.max() <= 1.5  # false alarm 2e-9, as above


def test_translation_shifts_by_up_to_an_eighth_and_fills_with_zeros():
    height, width = 16, 24
    x = draw(1, 2, height, width).repeat(900, 1, 1, 1)
    y = rand_translation(x, seeded())
    # Every shift of the one image, by slices into zeros.
    shifted = {}
    for down, right in itertools.product(range(-2, 3), range(-3, 4)):
        image = np.zeros((2, height, width))
        source = x[0].numpy()[:, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
        image[:, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = source
        shifted[image.tobytes()] = (down, right)
    seen = {shifted[sample.numpy().tobytes()] for sample in y}  # KeyError: no such shift
    # 35 equally likely shifts; 900 samples miss one with probability 35 (34 / 35)^900 < 2e-10.
    assert len(seen) == 35


@pytest.mark.parametrize("policy", ["color", "translation", "cutout", "cutout,color", "translation,translation"])
def test_policy_runs_its_transforms_in_order(policy):
    transforms = {
        "color": [rand_brightness, rand_saturation, rand_contrast],
        "translation": [rand_translation],
        "cutout": [rand_cutout],
    }
    x, generator = draw(3, 3, 16, 8), seeded(9)
    expected = x
    for name in policy.split(","):
        for transform in transforms[name]:
            expected = transform(expected, generator=generator)
    assert torch.equal(diff_augment(x, policy, seeded(9)), expected)


def test_policies_of_different_order_differ_and_none_returns_x():
    x = draw(4, 3, 16, 16) + 1
    cut_last = diff_augment(x, "color,cutout", seeded())
    cut_first = diff_augment(x, "cutout,color", seeded())
    assert (cut_last == 0).any() and not (cut_first == 0).any(), "colour moves the zeros of an earlier cutout"
    assert torch.equal(diff_augment(x, ""), x)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_any_number_of_channels(channels):
    x = draw(1, channels, 8, 12, dtype=torch.float32)
    assert diff_augment(x).shape == x.shape


@pytest.mark.bad_input
def test_bad_arguments():
    x = torch.zeros(1, 1, 8, 8)
    for transform in (rand_cutout, diff_augment):
        for bad in (x[0], x.long(), x.numpy()):
            with pytest.raises(ValueError, match="^x:"):
                transform(bad)
    for ratio_range in [(0.0, 0.5), (0.5, 0.25), (0.5, 1.5), (-0.5, 0.5), (0.5,), 0.5, ("a", "b"), (float("nan"), 1.0)]:
        with pytest.raises(ValueError, match="^ratio_range:"):
            rand_cutout(x, ratio_range)
    for policy in ["colour", "color,", "color, cutout", "Cutout"]:
        with pytest.raises(ValueError, match="^policy:"):
            diff_augment(x, policy)
