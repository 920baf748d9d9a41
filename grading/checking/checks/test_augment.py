"""Structure and statistics of random transforms.

Structure is exact: one rectangle of zeros per sample, in all channels, the rest untouched. Statistics are taken over
``MANY`` samples of one call with a seeded generator, or ``FEWER`` where that is enough. What has to be reached is reached
with a probability of more than 1 - 1e-12 by every sensible way of drawing: the rarest position has at least 1 chance in
110, the rarest side of the images of which there are fewer 1 in 20. Independence is tested by chi-squared tests on
tables whose cells hold 50 samples and more, at a level of 1e-9 each; a dependence that
shifts a tenth of the samples is found. All tests together raise a false alarm in fewer than 1e-7 of all gradings.
"""

import functools
import math

import torch
from scipy.stats import chi2_contingency

from ...sandbox.crossing.values import Leaf, Seeded
from ...verdicts import Failure
from ..compare import assert_close
from . import draws, grades, holds_for, shapes
from .expect import IDENTITY, about, assert_image, assert_moved_on, cut_off

MANY = 4000
FEWER = 600
LEVEL = 1e-9


def _uniform(seed, *shape):
    """Images in [0, 1)."""
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def boxes(reply, x):
    """(top, left, height, width) of each sample's box, each (B,), or a failure if there is not exactly one box."""
    y = assert_image(reply, x.shape)
    zero = y == 0
    if bool((zero != zero[:, :1]).any()):
        raise reply.fail("the box is not the same in all channels", "one box through all channels", kind="boxes")
    zero = zero[:, 0]
    rows, columns = zero.any(2), zero.any(1)
    full = rows[:, :, None] & columns[:, None, :]
    spans = [_span(rows), _span(columns)]
    if bool((full != zero).any()) or bool((spans[0][2] | spans[1][2]).any()):
        raise reply.fail(
            "what is zeroed is not one rectangle per sample", "one rectangle of zeros in each", kind="boxes"
        )
    if not bool(zero.flatten(1).any(1).all()):
        raise reply.fail("some samples have no box", "one box in every sample", kind="boxes")
    if y.dtype != x.dtype or not torch.equal(y, x * ~full[:, None]):  # to tell what differs takes three times as long
        assert_close(
            reply, x.double() * ~full[:, None], 0.0, x.dtype, what="the image outside of the box", kind="boxes"
        )
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]


def _span(line):
    """First index, length, and whether there are gaps, for each row of booleans."""
    length = line.sum(1)
    first = line.to(torch.int8).argmax(1)
    last = line.shape[1] - 1 - line.flip(1).to(torch.int8).argmax(1)
    return first, length, (last - first + 1 != length) & (length > 0)


def sides(pixels, ratio_range):
    """(shortest allowed, shortest that must be reached, longest that must be reached, longest allowed)."""
    low, high = (round(pixels * ratio, 9) for ratio in ratio_range)
    return max(1, math.floor(low)), max(1, math.ceil(low)), max(1, math.floor(high)), max(1, math.ceil(high))


def many(student, height=8, width=12, seed=0, count=MANY, **given):
    """That many boxes of one call on images without zeros."""
    return _many(student, height, width, seed, count, **given)


@functools.lru_cache(
    maxsize=3
)  # of what one submission answers: that it answers the same again is another check's matter
def _many(student, height, width, seed, count, **given):
    x = torch.ones(count, 2, height, width)
    reply = student(x=x, **given, generator=Seeded(seed))
    return reply, boxes(reply, x)


def assert_independent(reply, what, first, second):
    """A chi-squared test on two columns of category numbers."""
    values, rows = first.unique(return_inverse=True)
    others, columns = second.unique(return_inverse=True)
    table = torch.zeros(len(values), len(others)).index_put_((rows, columns), torch.tensor(1.0), accumulate=True)
    if min(table.shape) < 2:
        return  # one value only: whether that is right is another check's matter
    p = chi2_contingency(table.numpy()).pvalue
    if p < LEVEL:
        raise reply.fail(
            f"{what} depend on each other", "independent draws", f"chance would do this in {p:.1g} of all runs"
        )


@grades("augment.rand_cutout")
class TestRandCutout:
    @holds_for(draw=draws, shape=shapes)
    def test_one_box(self, student, draw, shape):
        """Each sample has one box of zeros through all its channels, inside the image; the rest stays as it was."""
        shape = (shape[0], shape[1], shape[2] + 4, shape[3] + 5)
        x = draw.image(*shape)
        ranges = ((0.25, 0.5), (0.2, 0.8), (0.5, 0.5), (0.1, 0.3), (0.7, 1.0), (1 / shape[2], 1 / shape[2]))
        for ratio_range in (*ranges, (1 / shape[3], 1 / shape[3])):
            reply = student(x=x, ratio_range=ratio_range, generator=Seeded(draw.integer(0, 2**31)))
            _, _, heights, widths = boxes(reply, x)
            for name, got, pixels in (("height", heights, shape[2]), ("width", widths, shape[3])):
                low, _, _, high = sides(pixels, ratio_range)
                if not (low <= int(got.min()) and int(got.max()) <= high):
                    raise reply.fail(
                        f"a box's {name} is out of range", f"{low} … {high} of {pixels}", str(got.tolist())
                    )

    def test_every_side(self, student, seed):
        """Heights and widths reach both ends of the range and everything between."""
        few = {"count": FEWER}
        for height, width, given in ((8, 12, {}), (10, 16, few), (12, 8, few | {"ratio_range": (0.1, 0.3)})):
            reply, (_, _, heights, widths) = many(student, height, width, seed=seed, **given)
            for name, got, pixels in (("height", heights, height), ("width", widths, width)):
                low, low_needed, high_needed, high = sides(pixels, given.get("ratio_range", (0.25, 0.5)))
                reached = set(got.tolist())
                needed = set(range(low_needed, high_needed + 1))
                allowed = set(range(low, high + 1))
                if not needed <= reached <= allowed:
                    raise reply.fail(f"the boxes' {name}s are wrong", f"all of {sorted(needed)}", str(sorted(reached)))

    def test_every_position(self, student, seed):
        """A box of any size reaches every place where it fits, the last row and column included."""
        reply, (tops, lefts, heights, widths) = many(student, seed=seed)
        for name, first, length, pixels in (("row", tops, heights, 8), ("column", lefts, widths, 12)):
            for size in length.unique().tolist():
                reached = set(first[length == size].tolist())
                if reached != set(range(pixels - size + 1)):
                    expected = f"a first {name} of 0 … {pixels - size} for a box of {size} in {pixels}"
                    raise reply.fail(f"some {name}s are never reached", expected, str(sorted(reached)))

    def test_independent_draws(self, student, seed):
        """Height, width, row and column are drawn independently, for each sample anew."""
        reply, (tops, lefts, heights, widths) = many(student, seed=seed)
        down = (tops * 2 > 8 - heights).long()  # in the lower half of the room that the box has
        right = (lefts * 2 > 12 - widths).long()
        assert_independent(reply, "height and width", heights, widths)
        assert_independent(reply, "row and column", down, right)
        assert_independent(reply, "height and column", heights, right)
        assert_independent(reply, "width and row", widths, down)
        for name, draw in (("heights", heights), ("widths", widths), ("rows", down), ("columns", right)):
            assert_independent(reply, f"the {name} of neighbouring samples", draw[:-1], draw[1:])

    @holds_for(draw=draws)
    def test_gradient_is_the_mask(self, student, draw):
        """The gradient is 0 in the box and passes unchanged elsewhere."""
        x, cotangent = draw.images(2, (3, 2, 8, 9))
        reply = student(x=Leaf(x), generator=Seeded(3), cotangent=cotangent)
        boxes(reply, x)
        if reply.grads is None or reply.grads.get("x") is None:
            raise cut_off(reply)
        gradient = about(reply, reply.grads["x"])
        if torch.equal(gradient.value, cotangent):
            raise reply.fail(
                "the gradient passes through the box as well: the zeros were written past autograd, say into .data",
                "0 in the box",
                "the same gradient everywhere",
                kind="says all",
            )
        assert_close(gradient, cotangent * (reply.value != 0), IDENTITY, what="the gradient", kind="gradient")

    def test_generator(self, student, seed):
        """The same generator gives the same boxes, another one others; the global random state is left alone."""
        reproducible(student, torch.ones(40, 2, 8, 12))


def reproducible(student, x, **arguments):
    reply = student(x=x, **arguments, generator=Seeded(11))
    again, other, later = (student(x=x, **arguments, generator=g) for g in (Seeded(11), Seeded(12), Seeded(11, 5)))
    assert_image(reply, x.shape)
    if not torch.equal(assert_image(again, x.shape), reply.value):
        raise again.fail("the same seed does not give the same result", "every random number from the generator")
    if torch.equal(assert_image(other, x.shape), reply.value):
        raise other.fail("another seed gives the same result", "every random number from the generator")
    if torch.equal(assert_image(later, x.shape), reply.value):
        raise later.fail("a generator that has been used gives the same result again", "the generator's next numbers")
    assert_moved_on(reply)
    if reply.moved_random_state and not reply.seeded:  # that is said elsewhere
        raise reply.fail(
            "the global random state was moved although a generator was given", "random numbers from it alone"
        )


@grades("augment.diff_augment")
class TestDiffAugment:
    def test_empty_policy(self, student, seed):
        """An empty policy gives the images back."""
        x = _uniform(seed, 3, 2, 8, 9)
        assert_close(student(x=x, policy=""), x, 0.0, x.dtype)

    def test_unknown_name(self, student, seed):
        """What an unknown name in a policy does is free."""
        try:
            student(x=_uniform(seed, 2, 3, 8, 8).float(), policy="colour", generator=Seeded(seed), recorded=False)
        except Failure as failure:
            if failure.kind != "raised":
                raise
        else:
            student.remark(
                'an unknown name in the policy, such as "colour", is ignored in silence: a typing error would be'
            )

    def test_cutout(self, student, seed):
        """The policy "cutout" cuts one box out of each sample, independently."""
        x = torch.ones(400, 2, 8, 12)
        reply = student(x=x, policy="cutout", generator=Seeded(seed))
        tops, _, heights, widths = boxes(reply, x)
        if min(len(set(drawn.tolist())) for drawn in (tops, heights, widths)) < 2:
            raise reply.fail("all samples have the same box", "boxes of their own")

    def test_translation(self, student, seed):
        """The policy "translation" moves each sample by up to an eighth; zeros come in, nothing wraps around."""
        x = 1 + _uniform(seed, 400, 1, 40, 48).float()
        reply = student(x=x, policy="translation", generator=Seeded(seed))
        shifts = set(shifts_of(reply, x, assert_image(reply, x.shape)))
        for name, moves, most in zip(("down", "right"), zip(*shifts), (5, 6)):
            reached = set(moves)
            if reached != set(range(-most, most + 1)):  # each is missed by 400 samples with a chance of 1e-14
                raise reply.fail(f"some shifts {name} never happen", f"{-most} … {most}", str(sorted(reached)))
        if len(shifts) < 60:  # of 143: 400 independent ones hold nearly all
            raise reply.fail("the shifts down and right depend on each other", "two draws", f"{len(shifts)} shifts")

    def test_color(self, student, seed):
        """The policy "color" is brightness, then saturation, then contrast, with factors of its own for each sample."""
        x = _uniform(seed, 400, 3, 4, 5) * 2 - 1
        reply = student(x=x, policy="color", generator=Seeded(seed))
        factors = color_factors(reply, x, assert_image(reply, x.shape))
        for i, (name, low, high) in enumerate(
            (("saturation", 0, 2), ("contrast", 0.5, 1.5), ("brightness", -0.5, 0.5))
        ):
            column = factors[:, i]
            if float(column.min()) < low - 1e-6 or float(column.max()) > high + 1e-6:
                raise reply.fail(
                    f"the {name} is out of range", f"{low} … {high}", f"{column.min():.3g} … {column.max():.3g}"
                )
            tenth = (high - low) / 10  # 400 samples all stay away from an end with a chance of 1e-18
            if float(column.min()) > low + tenth or float(column.max()) < high - tenth:
                raise reply.fail(
                    f"the {name} never comes near an end of its range",
                    f"{low} … {high}, drawn for each sample",
                    f"{column.min():.3g} … {column.max():.3g}",
                )

    def test_order(self, student, seed):
        """All transforms run, in the policy's order: what is cut out or moved in stays zero after the colours."""
        x = _uniform(seed, 50, 3, 16, 16) + 0.5
        values = x.flatten(1).sort(1).values
        for number in range(3):  # one that leaves out transforms by chance would have to be lucky in each
            reply = student(x=x, generator=Seeded(seed + number))
            zero = (assert_image(reply, x.shape) == 0).all(1)
            assert_recoloured(reply, values)
            if int(zero.flatten(1).sum(1).min()) < 16:
                raise reply.fail("the colours come after the cutout", "at least a box of zeros in each sample")
            if not bool(zero.all(1).any() or zero.all(2).any()):  # a box is never as wide or as high as the image
                raise reply.fail("no sample is moved", "the whole policy", "no row and no column of zeros")
            reply = student(x=x, policy="cutout,color", generator=Seeded(seed + number))
            y = assert_image(reply, x.shape)
            assert_recoloured(reply, values)
            if int((y == 0).all(1).flatten(1).sum(1).max()) >= 16:
                raise reply.fail("the cutout comes after the colours", "the policy's order", "a box that is still zero")
            flat = y[:, 0].flatten(1)
            if int((flat == flat.mode(dim=1, keepdim=True).values).sum(1).min()) < 16:
                raise reply.fail("nothing is cut out", "the whole policy", "no box of one colour in some sample")

    def test_differentiable(self, student, seed):
        """Gradients flow back to the images through every transform."""
        for policy in ("color", "translation", "cutout", "color,translation,cutout"):
            x = _uniform(seed, 4, 3, 8, 8)
            reply = student(x=Leaf(x), policy=policy, generator=Seeded(5), cotangent=torch.ones_like(x))
            if reply.grads is None or reply.grads.get("x") is None or not bool((reply.grads["x"] != 0).any()):
                raise cut_off(reply)

    def test_generator(self, student, seed):
        """The same generator gives the same result, another one another; the global random state is left alone."""
        for policy in ("color", "translation", "cutout", "color,translation,cutout"):
            reproducible(student, _uniform(seed, 40, 3, 16, 16).float() + 0.5, policy=policy)
        reproducible(student, _uniform(seed, 1, 3, 16, 16).float() + 0.5, policy="color")


def assert_recoloured(reply, values):
    """Hardly any of each sample's ``values``, which are sorted, is still there."""
    after = reply.value.flatten(1).to(values.dtype)
    nearest = torch.searchsorted(values, after).clamp(max=values.shape[1] - 1)
    visible = after != 0
    kept = visible & (values.gather(1, nearest) == after)
    if bool((kept.sum(1) / visible.sum(1) > 0.5).any()):
        raise reply.fail("a sample has its colours still", "the whole policy", "values that are the image's own")


def shifts_of(reply, before, after):
    """The (down, right) by which each image, all without zeros, was moved, zeros coming in; a failure if one was not."""
    zero = (after == 0).all(1)
    down, right = (_leading(line) - _leading(line.flip(1)) for line in (zero.all(2), zero.all(1)))
    height, width = before.shape[2:]
    rows, columns = (torch.arange(size) - moved[:, None] for size, moved in ((height, down), (width, right)))
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    samples = torch.arange(len(before))[:, None, None]
    moved = before[samples, :, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None, :]]
    if not torch.equal(moved.movedim(3, 1) * inside[:, None], after):
        raise reply.fail("a sample is not a moved copy with zeros coming in", "a shift by whole pixels")
    return zip(down.tolist(), right.tolist())


def _leading(lines):
    """How many entries of each line are true before the first that is not."""
    return lines.int().cumprod(1).sum(1)


def color_factors(reply, before, after):
    """(saturation, contrast, brightness) that lead from each image to the other, by least squares; they must fit."""
    pixels, mean = before.flatten(1), before.mean(1, keepdim=True).expand_as(before).flatten(1)
    features, wanted = torch.stack([pixels, mean, torch.ones_like(pixels)], 2), after.flatten(1)[:, :, None]
    weights = torch.linalg.lstsq(features, wanted).solution
    if bool(((features @ weights - wanted).abs().amax(1) > 1e-6).any()):
        raise reply.fail("a sample is not its image with other colours", "brightness, saturation and contrast alone")
    of_pixel, of_mean, of_one = weights[:, :, 0].T
    contrast = of_pixel + of_mean
    return torch.stack([of_pixel / contrast, contrast, of_one - (1 - contrast) * pixels.mean(1)], 1)
