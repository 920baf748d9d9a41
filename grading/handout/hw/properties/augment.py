"""Random boxes, shifts and colours: exact structure, and what many draws reach."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ..compare import EXACT, expect_close, expect_tensor
from ..lent.sandbox.crossing.values import Leaf, Seeded
from ..student import Reply, Student
from . import holds
from .chance import expect_from_the_generator, expect_independent

MANY = 3000
GREY = 1e-6


def random(seed: int, *shape: int) -> Tensor:
    """Images without a zero, in float64."""
    return 0.5 + torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def boxes(reply: Reply, x: Tensor) -> tuple:
    """(top, left, height, width) of each sample's box of zeros."""
    y = expect_tensor(reply, x.shape)
    zero = (y == 0).all(1)
    rows, columns = zero.any(2), zero.any(1)
    first = [line.to(torch.int8).argmax(1) for line in (rows, columns)]
    length = [line.sum(1) for line in (rows, columns)]
    ends = [line.shape[1] - line.flip(1).to(torch.int8).argmax(1) for line in (rows, columns)]
    gaps = [bool((end - start != size).any()) for start, size, end in zip(first, length, ends)]
    if not bool(rows.any(1).all()) or any(gaps) or not torch.equal(rows[:, :, None] & columns[:, None, :], zero):
        raise reply.fail("what is zeroed is not one rectangle per sample", "one box through all channels in each")
    expect_close(reply, x.double() * ~zero[:, None], 0.0, "the image outside of the box")
    if y.dtype != x.dtype:
        raise reply.fail("the result has the wrong dtype", str(x.dtype), str(y.dtype))
    return (first[0], first[1], length[0], length[1])


@holds("augment.rand_cutout")
def one_box(student: Student) -> None:
    """Each sample has one box of zeros through all its channels, with sides in the given range of the image's."""
    for i, shape in enumerate(((3, 2, 9, 13), (1, 3, 16, 7), (4, 1, 8, 8))):
        for low, high in ((0.25, 0.5), (0.2, 0.8), (0.5, 0.5), (0.1, 0.3), (0.7, 1.0), (1 / shape[2], 1 / shape[2])):
            reply = student(x=random(i, *shape), ratio_range=(low, high), generator=Seeded(i))
            sides = boxes(reply, random(i, *shape))[2:]
            for name, got, pixels in zip(("height", "width"), sides, shape[2:]):
                least, most = (round(pixels * ratio, 9) for ratio in (low, high))
                if int(got.min()) < max(1, math.floor(least)) or int(got.max()) > max(1, math.ceil(most)):
                    raise reply.fail(f"a box's {name} is out of range", f"{least:g} to {most:g}", str(got.tolist()))


@holds("augment.rand_cutout")
def every_box(student: Student) -> None:
    """Every side in the range is reached, and every place where a box fits; all are drawn for themselves."""
    sizes: list[tuple[int, int, dict[str, Any]]] = [(8, 12, {}), (16, 8, {}), (12, 8, {"ratio_range": (0.1, 0.3)})]
    for height, width, given in sizes:
        x = torch.ones(MANY, 2, height, width)
        reply = student(x=x, **given, generator=Seeded(3))
        tops, lefts, heights, widths = boxes(reply, x)
        low, high = given.get("ratio_range", (0.25, 0.5))
        for name, first, got, pixels in (("row", tops, heights, height), ("column", lefts, widths, width)):
            least, most = (round(pixels * ratio, 9) for ratio in (low, high))
            needed = set(range(max(1, math.ceil(least)), max(1, math.floor(most)) + 1))
            allowed = range(max(1, math.floor(least)), max(1, math.ceil(most)) + 1)
            reached = set(got.tolist())
            if not needed <= reached <= set(allowed):
                raise reply.fail(
                    f"the boxes' sides in {name}s are wrong", f"all of {sorted(needed)}", str(sorted(reached))
                )
            for size in reached:
                places = set(first[got == size].tolist())
                if places != set(range(pixels - size + 1)):
                    expected = f"0 … {pixels - size} for a box of {size} in {pixels}"
                    raise reply.fail(f"some first {name}s are never reached", expected, str(sorted(places)))
        middles = [
            first * 2 - (pixels - size) for first, size, pixels in ((tops, heights, height), (lefts, widths, width))
        ]
        drawn = {"heights": heights, "widths": widths, "rows": middles[0], "columns": middles[1]}
        for one in drawn:
            expect_independent(reply, f"the {one} of neighbouring samples", drawn[one][:-1], drawn[one][1:])
            for other in drawn:
                if one < other:
                    expect_independent(reply, f"{one} and {other}", drawn[one], drawn[other])


@holds("augment.rand_cutout")
def gradient_is_the_mask(student: Student) -> None:
    """The gradient is 0 in the box and passes unchanged elsewhere."""
    x, cotangent = random(1, 3, 2, 8, 9), random(2, 3, 2, 8, 9)
    reply = student(x=Leaf(x), generator=Seeded(3), cotangent=cotangent)
    boxes(reply, x)
    gradient = (reply.grads or {}).get("x")
    if gradient is None:
        raise reply.fail("the result is not differentiable")
    expect_close(reply, cotangent * (reply.value != 0), EXACT, "the gradient", gradient)


@holds("augment.rand_cutout")
def cutout_is_drawn_from_the_generator(student: Student) -> None:
    """The generator decides about every box, and without one every call draws anew."""
    expect_from_the_generator(student, (40, 2, 8, 12), x=torch.ones(40, 2, 8, 12))


@holds("augment.diff_augment")
def empty_policy(student: Student) -> None:
    """An empty policy gives the images back."""
    x = random(1, 3, 2, 8, 9)
    expect_close(student(x=x, policy=""), x, 0.0)


@holds("augment.diff_augment")
def policy_cutout(student: Student) -> None:
    """The policy "cutout" cuts one box out of each sample."""
    x = torch.ones(400, 2, 8, 12)
    reply = student(x=x, policy="cutout", generator=Seeded(1))
    if min(len(set(drawn.tolist())) for drawn in boxes(reply, x)) < 2:
        raise reply.fail("all samples have the same box", "boxes of their own")


@holds("augment.diff_augment")
def policy_translation(student: Student) -> None:
    """The policy "translation" moves each sample by up to an eighth; zeros come in, nothing wraps around."""
    x = random(4, 400, 1, 40, 48)
    reply = student(x=x, policy="translation", generator=Seeded(2))
    y = expect_tensor(reply, x.shape)
    shifts = {_shift(reply, before, after) for before, after in zip(x, y)}
    for name, moves, most in zip(("down", "right"), zip(*shifts), (5, 6)):
        if set(moves) != set(range(-most, most + 1)):
            raise reply.fail(f"some shifts {name} never happen", f"{-most} … {most}", str(sorted(set(moves))))
    if len(shifts) < 60:
        raise reply.fail("the shifts down and right depend on each other", "two draws")


def _shift(reply: Reply, before: Tensor, after: Tensor) -> tuple:
    """(down, right) by which an image was moved."""
    zero = (after == 0).all(0)
    down, right = (_leading(line) - _leading(line.flip(0)) for line in (zero.all(1), zero.all(0)))
    moved = torch.roll(before, (down, right), (1, 2)) * ~zero
    height, width = zero.shape
    if int((~zero).sum()) != (height - abs(down)) * (width - abs(right)) or not torch.equal(moved, after.to(before)):
        raise reply.fail("a sample is not a moved copy with zeros coming in", "a shift by whole pixels")
    return down, right


def _leading(line: Tensor) -> int:
    """How many entries are true before the first that is not."""
    return int(line.int().cumprod(0).sum())


@holds("augment.diff_augment")
def policy_color(student: Student) -> None:
    """The policy "color" is brightness, then saturation, then contrast, each with a factor of its own per sample."""
    x = random(5, 400, 3, 4, 5) - 1
    reply = student(x=x, policy="color", generator=Seeded(3))
    factors = torch.stack([_factors(reply, *pair) for pair in zip(x, expect_tensor(reply, x.shape).double())])
    told = (("saturation", 0.0, 2.0), ("contrast", 0.5, 1.5), ("brightness", -0.5, 0.5))
    for (name, low, high), column in zip(told, factors.T):
        least, most, tenth = float(column.min()), float(column.max()), (high - low) / 10
        if not (low - GREY <= least < low + tenth and high - tenth < most <= high + GREY):
            raise reply.fail(
                f"the {name} is out of range", f"{low} to {high}, per sample", f"{least:.3g} to {most:.3g}"
            )


def _factors(reply: Reply, before: Tensor, after: Tensor) -> Tensor:
    """What the weights of an image, of its grey values and of a constant say, by least squares."""
    grey = before.mean(0, keepdim=True).expand_as(before)
    columns = torch.stack([before.flatten(), grey.flatten(), torch.ones(before.numel(), dtype=before.dtype)], 1)
    weights = torch.linalg.lstsq(columns, after.flatten()[:, None]).solution[:, 0]
    if float((columns @ weights - after.flatten()).abs().max()) > GREY:
        raise reply.fail("a sample is not its image with other colours", "brightness, saturation and contrast alone")
    contrast = weights[0] + weights[1]
    return torch.stack([weights[0] / contrast, contrast, weights[2] - (1 - contrast) * before.mean()])


@holds("augment.diff_augment")
def policy_in_order(student: Student) -> None:
    """All transforms run, in the policy's order."""
    x = random(6, 50, 3, 16, 16)
    for seed in range(3):
        reply = student(x=x, generator=Seeded(seed))
        zero = (_recoloured(reply, x) == 0).all(1)
        if int(zero.flatten(1).sum(1).min()) < 16:
            raise reply.fail("the colours come after the cutout", "a box of zeros in each sample")
        if not bool(zero.all(1).any() or zero.all(2).any()):
            raise reply.fail("no sample is moved", "the whole policy")
        reply = student(x=x, policy="cutout,color", generator=Seeded(seed))
        y = _recoloured(reply, x)
        flat = y[:, 0].flatten(1)
        if int((y == 0).all(1).flatten(1).sum(1).max()) >= 16:
            raise reply.fail("the cutout comes after the colours", "the policy's order")
        if int((flat == flat.mode(dim=1, keepdim=True).values).sum(1).min()) < 16:
            raise reply.fail("nothing is cut out", "the whole policy")


def _recoloured(reply: Reply, x: Tensor) -> Tensor:
    y = expect_tensor(reply, x.shape)
    for before, after in zip(x, y):
        if float(torch.isin(after[after != 0], before).double().mean()) > 0.5:
            raise reply.fail("a sample has its colours still", "the whole policy")
    return y


@holds("augment.diff_augment")
def every_policy(student: Student) -> None:
    """Gradients flow back through every transform; the generator decides about every number."""
    for policy in ("color", "translation", "cutout", "color,translation,cutout"):
        x = random(7, 4, 3, 8, 8)
        reply = student(x=Leaf(x), policy=policy, generator=Seeded(5), cotangent=torch.ones_like(x))
        gradient = (reply.grads or {}).get("x")
        if gradient is None or not bool(gradient.any()):
            raise reply.fail(f"with the policy {policy!r} the result is not differentiable")
        expect_from_the_generator(student, (40, 3, 16, 16), x=random(8, 40, 3, 16, 16), policy=policy)
