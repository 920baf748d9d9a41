"""Warping: what the flow means, what lies between pixels and outside; and the loss on it, what is warped and how it is summed.

y[i, j] = x(i + down, j + right), bilinear, the nearest border pixel outside;   Σ |m·image − m·warp(source)| / B
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..evidence import Arguments, bare
from ..variants import Choice, Family

Outside = Callable[[Tensor, int], Tensor]  # (indices, size) -> indices within


def _moved(x: Tensor, flow: Tensor, choices: Mapping[str, Any]) -> Tensor:
    height, width = x.shape[2:]
    down, right = choices["flow"](flow, height, width).unbind(1)
    pixels = [choices["grid"](torch.arange(size, dtype=x.dtype), size) for size in (height, width)]
    rows = choices["place"](pixels[0][:, None] + down, height)
    columns = choices["place"](pixels[1] + right, width)
    rows, columns = choices["axes"](rows, columns, height, width)
    (above, below), (left, beside) = (choices["cell"](at) for at in (rows, columns))
    return sum(
        (share_down * share_right)[:, None] * _pixels(x, row, column, choices["outside"])
        for row, share_down in (above, below)
        for column, share_right in (left, beside)
    )


def _pixels(x: Tensor, rows: Tensor, columns: Tensor, outside: Outside | None) -> Tensor:
    batch, channels, height, width = x.shape
    there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    within = outside or _nearest
    index = (within(rows, height) * width + within(columns, width)).reshape(batch, 1, -1).expand(-1, channels, -1)
    taken = x.reshape(batch, channels, -1).gather(2, index).reshape(x.shape)
    return taken if outside else taken * there[:, None]


def _nearest(index: Tensor, size: int) -> Tensor:
    return index.clamp(0, size - 1)


def _mirrored(index: Tensor, size: int) -> Tensor:
    period = max(2 * (size - 1), 1)
    index = index.remainder(period)
    return torch.where(index < size, index, period - index)


def _cell(at: Tensor, lower: Callable[[Tensor], Tensor]) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The pixels on both sides of a place, each with its share."""
    first = lower(at)
    share = at - first
    return (first.long(), 1 - share), (first.long() + 1, share)


def _whole(at: Tensor, rounded: Callable[[Tensor], Tensor]) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    pixel = rounded(at).long()
    return (pixel, torch.ones_like(at)), (pixel, torch.zeros_like(at))


def _exchanged(at: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    (first, near), (second, far) = _cell(at, torch.floor)
    return (first, far), (second, near)


def _in_units(flow: Tensor, height: int, width: int, less: int) -> Tensor:
    return flow * _of_two([height - less, width - less], flow) / 2


def _of_two(factors: list[float], flow: Tensor) -> Tensor:
    """One for each axis of the flow."""
    return torch.tensor(factors, dtype=flow.dtype).reshape(1, 2, 1, 1)


_WARP = {
    "flow": Choice(
        "(down, right) in pixels, where each pixel comes from",
        lambda flow, h, w: flow,
        {
            "the flow is taken backwards: content moves along it": lambda flow, h, w: -flow,
            "the flow's two axes have changed places": lambda flow, h, w: flow.flip(1),
            "the flow is taken backwards, and its axes have changed places": lambda flow, h, w: -flow.flip(1),
            "the flow is not used": lambda flow, h, w: 0 * flow,
            "only the flow down is used": lambda flow, h, w: torch.stack([flow[:, 0], 0 * flow[:, 1]], 1),
            "only the flow to the right is used": lambda flow, h, w: torch.stack([0 * flow[:, 0], flow[:, 1]], 1),
            "the flow is taken in units of the sampler, where the image is 2 wide": lambda flow, h, w: _in_units(
                flow, h, w, 1
            ),
            "the flow is taken in units of the sampler, where the image with its border is 2 wide": lambda flow, h, w: (
                _in_units(flow, h, w, 0)
            ),
            "the first sample's flow is taken for all": lambda flow, h, w: flow[:1].expand_as(flow),
            "the flow is divided by the image's size where the grid has size − 1": lambda flow, h, w: (
                flow * _of_two([(h - 1) / h, (w - 1) / w], flow)
            ),
            "the flow is divided by the image's size − 1 where the grid has the size": lambda flow, h, w: (
                flow * _of_two([h / max(h - 1, 1), w / max(w - 1, 1)], flow)
            ),
            "the flow down is measured by the width": lambda flow, h, w: (
                flow * _of_two([(h - 1) / max(w - 1, 1), 1], flow)
            ),
            "the flow to the right is measured by the height": lambda flow, h, w: (
                flow * _of_two([1, (w - 1) / max(h - 1, 1)], flow)
            ),
            "the flow is doubled": lambda flow, h, w: 2 * flow,
            "the flow is halved": lambda flow, h, w: flow / 2,
        },
    ),
    "grid": Choice(
        "the places start from the pixels",
        lambda at, size: at,
        {
            "the grid is one for align_corners=False (affine_grid's default), flow and sampler are for True": (
                lambda at, size: (2 * at + 1) / size * (size - 1) / 2
            ),
            "the grid is one for align_corners=True, flow and sampler are for False": lambda at, size: (
                (at * (2 / max(size - 1, 1)) * size - 1) / 2
            ),
            "the places start from the first pixel everywhere": lambda at, size: 0 * at,
        },
    ),
    "place": Choice(
        "pixel i lies at i",
        lambda at, size: at,
        {
            "the grid is one for align_corners=True and the sampler is not": lambda at, size: (
                (at * (2 / max(size - 1, 1)) * size - 1) / 2
            ),
            "the sampler is one for align_corners=True and the grid is not": lambda at, size: (
                (2 * at + 1) / size * (size - 1) / 2
            ),
            "the places are half a pixel off": lambda at, size: at + 0.5,
            "the places are half a pixel off, towards the beginning": lambda at, size: at - 0.5,
            "the places are one pixel off": lambda at, size: at + 1,
            "the places are divided by the image's size where size − 1 belongs": lambda at, size: (
                at * (size - 1) / size
            ),
            "the sampler is given pixels and not its own units, of −1 to 1": lambda at, size: (at + 1) * (size - 1) / 2,
            "the sampler is given places from 0 to 1, and its units run from −1 to 1": lambda at, size: (
                (at + size - 1) / 2
            ),
        },
    ),
    "axes": Choice(
        "the sampler is given x before y",
        lambda rows, columns, h, w: (rows, columns),
        {
            "the sampler is given y before x: rows and columns have changed places": lambda rows, columns, h, w: (
                columns * (h - 1) / max(w - 1, 1),
                rows * (w - 1) / max(h - 1, 1),
            ),
        },
    ),
    "cell": Choice(
        "bilinear between pixels",
        lambda at: _cell(at, torch.floor),
        {
            "between pixels the nearest one is taken": lambda at: _whole(at, torch.round),
            "between pixels the one before is taken": lambda at: _whole(at, torch.floor),
            "between pixels the one after is taken": lambda at: _whole(at, torch.ceil),
            "the pixel before a place is found by cutting off, so that just outside the top and the left border the image "
            "goes on as a straight line": lambda at: _cell(at, torch.trunc),
            "between pixels the shares of both are exchanged": _exchanged,
        },
    ),
    "outside": Choice(
        "the nearest border pixel",
        _nearest,
        {
            "outside of the image there is black": None,
            "outside the image goes on as in a mirror": _mirrored,
            "what leads out of the image comes in on the other side": lambda index, size: index.remainder(size),
        },
    ),
}


def _warp(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    return _moved(bare(a["image"]), bare(a["flow"]), choices)


def _loss(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    image, source, flow, mask = (bare(a[name]) for name in ("image", "source", "flow", "mask"))

    def moved(x: Tensor) -> Tensor:
        return _moved(x, flow, choices)

    mask = mask.expand_as(image)
    masked = choices["masked"](lambda x, y: choices["compared"](x, y, moved), image, source, mask, moved)
    return choices["summed"](masked, mask)


_LOSS = {
    "compared": Choice(
        "image − warp(source)",
        lambda image, source, moved: image - moved(source),
        {
            "the image is warped, and not the source": lambda image, source, moved: moved(image) - source,
            "both are warped": lambda image, source, moved: moved(image) - moved(source),
            "nothing is warped": lambda image, source, moved: image - source,
            "the image is held against itself, warped": lambda image, source, moved: image - moved(image),
            "the source is held against itself, warped": lambda image, source, moved: source - moved(source),
            "both are added, not taken from one another": lambda image, source, moved: image + moved(source),
        },
    ),
    "masked": Choice(
        "where the mask is 1",
        lambda differ, x, y, mask, moved: mask * differ(x, y),
        {
            "the mask is not used": lambda differ, x, y, mask, moved: differ(x, y),
            "the mask is inverted": lambda differ, x, y, mask, moved: (1 - mask) * differ(x, y),
            "the mask is warped as well": lambda differ, x, y, mask, moved: moved(mask) * differ(x, y),
            "the mask's first channel is used for all": lambda differ, x, y, mask, moved: mask[:, :1] * differ(x, y),
            "the source is masked before it is warped": lambda differ, x, y, mask, moved: differ(mask * x, mask * y),
            "the source is masked before it is warped, and again after that": lambda differ, x, y, mask, moved: (
                mask * differ(x, mask * y)
            ),
        },
    ),
    "summed": Choice(
        "the absolute values summed over C, H, W, the mean over the batch",
        lambda d, mask: d.abs().sum() / len(d),
        {
            "the absolute values are averaged over everything": lambda d, mask: d.abs().mean(),
            "the absolute values are summed over everything": lambda d, mask: d.abs().sum(),
            "the absolute values are averaged where the mask is 1": lambda d, mask: d.abs().sum() / mask.sum(),
            "the squares are summed, and averaged over the batch": lambda d, mask: d.square().sum() / len(d),
            "the squares are averaged over everything": lambda d, mask: d.square().mean(),
            "the squares are summed over everything": lambda d, mask: d.square().sum(),
            "the squares are averaged where the mask is 1": lambda d, mask: d.square().sum() / mask.sum(),
            "the samples' norms are averaged": lambda d, mask: d.flatten(1).norm(dim=1).mean(),
            "each sample's sum comes back": lambda d, mask: d.abs().sum((1, 2, 3)),
            "the mean is taken over the channels, the sum over the pixels": lambda d, mask: (
                d.abs().mean(1).sum() / len(d)
            ),
            "it is half the sum": lambda d, mask: d.abs().sum() / len(d) / 2,
            "the differences are summed as they are: those of opposite signs cancel": lambda d, mask: d.sum() / len(d),
        },
    ),
}
WARPS: dict[str, Family] = {"bells.warp": Family(_warp, _WARP), "bells.warp_loss": Family(_loss, _LOSS | _WARP)}
