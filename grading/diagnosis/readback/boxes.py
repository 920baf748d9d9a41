"""What a cutout does to a batch: how it treats the images, and where its boxes lie.

An image of distinct values tells for every pixel whether it is still there. So the treatment (filled with what, which
channels, the rest left alone) is exact, and so are the boxes; only how they are drawn is a matter of statistics.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

_SAME = 1e-5  # relative; images that came through float32


@dataclass(frozen=True)
class Boxes:
    """One box per row, in pixels of an image of ``sides`` (H, W)."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor
    sides: tuple[int, int]

    def along(self, axis: int) -> tuple[Tensor, Tensor, int]:
        """First pixel and length of every box along the height (0) or the width (1), and the image's side."""
        return ((self.top, self.height), (self.left, self.width))[axis] + (self.sides[axis],)


@dataclass(frozen=True)
class Oddity:
    """One thing that becomes of the images. What was measured of it may differ from batch to batch."""

    words: str  # with {} for each measured number
    measured: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return self.words.format(*self.measured)


@dataclass(frozen=True)
class Treatment:
    """What becomes of the images; nothing where it is right."""

    oddities: tuple[Oddity, ...]
    boxes: Boxes  # of the samples (or, where each has its own, channels) that have one
    missing: int = 0  # how many have none


def images(count: int, channels: int = 2, height: int = 8, width: int = 12, seed: int = 3) -> Tensor:
    """Distinct values of both signs, none of them 0, some beyond the range of a picture."""
    draw = torch.Generator().manual_seed(seed)
    x = 0.1 + 1.2 * torch.rand(count, channels, height, width, generator=draw, dtype=torch.float64)
    return x * (2 * torch.randint(0, 2, x.shape, generator=draw) - 1)


def treatment(x: Tensor, y: Any) -> Treatment | None:
    """The first treatment that leaves one box in each image; None where there is none."""
    if not (isinstance(y, Tensor) and y.is_floating_point() and y.shape == x.shape and bool(y.isfinite().all())):
        return None
    y = y.double()
    for outside, left in _left_alone(x, y):
        gone = (y - left).abs() > _SAME * left.abs()
        for how, masks in _masks(gone):
            boxes = rectangles(masks)
            if boxes is not None:
                return Treatment((*outside, *how, *_filled(x, y, gone)), boxes, len(masks) - len(boxes.top))
    kept = (y - x).abs() <= _SAME * x.abs()
    boxes = rectangles(kept[:, 0])
    if boxes is not None and bool((kept == kept[:, :1]).all()) and bool((y[~kept] == 0).all()):
        return Treatment((Oddity("only the box is kept, and everything else is 0"),), boxes)
    return None


def _left_alone(x: Tensor, y: Tensor) -> Iterator[tuple[tuple[Oddity, ...], Tensor]]:
    """What the pixels outside of the box may have become."""
    yield (), x
    yield (Oddity("everything is cut off at −1 and 1"),), x.clamp(-1, 1)
    ratio = (y / x).flatten(1).median(1).values.reshape(-1, 1, 1, 1)
    if float(ratio.min()) <= 0:
        return
    gone = (y - ratio * x).abs() > _SAME
    area = gone.double().mean((1, 2, 3), keepdim=True)
    by_area = torch.allclose(ratio, 1 / (1 - area), rtol=1e-4)
    if by_area:
        yield (Oddity("the pixels outside of the box are divided by the part that is left of the image"),), ratio * x
    else:
        times = f"{ratio.mean():.3g}"
        yield (Oddity("the pixels outside of the box are multiplied by {} on average", (times,)),), ratio * x


def _masks(gone: Tensor) -> Iterator[tuple[tuple[Oddity, ...], Tensor]]:
    """Which pixels of each sample are gone, (N, H, W), and what is odd about it."""
    touched = gone.flatten(2).any(2).any(0)  # (C,)
    if bool((gone == gone[:, :1]).all()):
        yield (), gone[:, 0]
        rows, columns = gone[:, 0].all(2), gone[:, 0].all(1)
        cross = rows[:, :, None] | columns[:, None, :]
        if bool((cross == gone[:, 0]).all()):
            yield (
                (Oddity("whole rows and whole columns are gone, not only where they meet"),),
                rows[:, :, None] & columns[:, None],
            )
    elif bool(touched.all()):
        yield (Oddity("every channel has a box of its own"),), gone.flatten(0, 1)
    else:
        named = " and ".join(str(i) for i in touched.nonzero().flatten().tolist())
        some = gone[:, touched]
        if bool((some == some[:, :1]).all()):
            yield (Oddity("only channel {} of {} has a box", (named, str(gone.shape[1]))),), some[:, 0]


def _filled(x: Tensor, y: Tensor, gone: Tensor) -> tuple[Oddity, ...]:
    values = y[gone]
    if bool((values == 0).all()) or not len(values):
        return ()
    means = {
        "the mean of the image": x.mean((1, 2, 3), keepdim=True),
        "the mean of each channel": x.mean((2, 3), keepdim=True),
        "the mean of the batch": x.mean(),
    }
    for said, mean in means.items():
        if torch.allclose(values, mean.expand_as(x)[gone], rtol=1e-4, atol=1e-6):
            return (Oddity(f"the box is filled with {said}; expected 0"),)
    if float(values.std()) < 1e-6:
        return (Oddity("the box is filled with {}; expected 0", (f"{values.mean():.3g}",)),)
    spread = f"{values.mean():.2g}", f"{values.std():.2g}"
    return (Oddity("the box is filled with other values ({} ± {}); expected 0", spread),)


def rectangles(masks: Tensor) -> Boxes | None:
    """The full rectangle that each mask (N, H, W) is, of those that are not empty; None where one is something else."""
    masks = masks[masks.flatten(1).any(1)]
    if not len(masks):
        return None
    rows, columns = masks.any(2), masks.any(1)
    if bool((masks != rows[:, :, None] & columns[:, None, :]).any()):
        return None
    (top, height, whole), (left, width, also) = _span(rows), _span(columns)
    if not (whole and also) or (int(height.min()), int(width.min())) == tuple(masks.shape[1:]):
        return None
    return Boxes(top, left, height, width, (masks.shape[1], masks.shape[2]))


def _span(line: Tensor) -> tuple[Tensor, Tensor, bool]:
    """First index and length of each row of booleans, and whether none has a gap."""
    first = line.to(torch.int8).argmax(1)
    last = line.shape[1] - 1 - line.flip(1).to(torch.int8).argmax(1)
    length = line.sum(1)
    return first, length, bool((last - first + 1 == length).all())
