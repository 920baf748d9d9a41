"""Cutout from its statistics: how a function that cuts random boxes out of images draws them.

What every sample shows is exact (what the box is filled with, one box for the whole batch). How sides and corners are
drawn is told from thousands of boxes, and only where it is beyond chance. What follows from something already said,
such as a side that is too short because the box hangs over the edge, is not said again.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from ....sandbox.crossing.values import Leaf, Seeded
from ....sandbox.student import NotAsked
from ....verdicts import Finding
from .. import chance
from ..boxes import Boxes, images, treatment
from ..evidence import Answer, Ask

MANY, BATCHES, FEW = 2500, 6, 24
RATIOS, OTHER_RATIOS = (0.25, 0.5), (0.6, 0.9)
_AXES = (("height", "H", "row"), ("width", "W", "column"))
_ENDS = (1.0, 0.5)  # whole numbers are drawn, or a ratio that is rounded to pixels; both are right
Cut = Callable[..., Any]  # (x, generator, other ratios or not) -> images with boxes cut out


def read_cutout(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with ``augment.rand_cutout``."""
    if any(one.error and not isinstance(one.arguments["x"], Leaf) for one in record):
        return []  # something else is the matter as well; what writes into x cannot write into a leaf, and is told so

    def cut(x: Tensor, generator: Seeded, other_ratios: bool) -> Any:
        return ask(x=x, generator=generator, **({"ratio_range": OTHER_RATIOS} if other_ratios else {}))

    return [Finding(f"{said[0].upper()}{said[1:]}.", said) for said in cutout(cut)]


_SHARED = (
    "all images of a batch lose the same pixels, those of everybody's box: they share one mask; expected one for each"
)


def _all_lose_the_same(x: Tensor, y: Any) -> bool:
    """And not one box of them."""
    if not (isinstance(y, Tensor) and y.shape == x.shape):
        return False
    gone = y == 0
    return bool((gone == gone[:1, :1]).all()) and bool(gone.any()) and torch.equal(y[~gone].to(x.dtype), x[~gone])


def cutout(cut: Cut, alone: bool = True) -> list[str]:
    """What is wrong with a function that cuts one box out of each image, in words.

    ``alone``: it is the whole function, whose ratio_range and generator are looked at as well.
    """
    x = images(MANY)
    treated = treatment(x, cut(x, Seeded(11), False))
    if treated is None:
        few = images(FEW)
        return [_SHARED] if _all_lose_the_same(few, cut(few, Seeded(11), False)) else []
    boxes, said = treated.boxes, [str(oddity) for oddity in treated.oddities]
    if treated.missing:
        said.append(f"{treated.missing} of {treated.missing + len(boxes.top)} images keep all of their pixels")
    batches = []
    for number in range(BATCHES):
        some = images(FEW, seed=number)
        one = treatment(some, cut(some, Seeded(20 + number), False))
        if one is None or one.oddities != treated.oddities:
            return []  # not the same everywhere
        batches.append(one.boxes)
    if _per_batch(batches, lambda b: torch.stack([b.top, b.left, b.height, b.width])):
        return [*said, "all images of a batch lose the same box; expected one for each"]
    said += _sides(boxes, batches)
    said += _corners(boxes, batches)
    said += _draws(boxes, batches)
    return [*said, *_ignored_ratios(cut, boxes), *_generator(cut)] if alone else said


def pixels(side: int, ratio: float) -> int:
    return max(1, int(side * ratio + 0.5))


def _range(axis: int, boxes: Boxes) -> tuple[int, int]:
    low, high = (pixels(boxes.sides[axis], ratio) for ratio in RATIOS)
    return low, high


def _inside(axis: int, boxes: Boxes) -> Tensor:
    """Boxes that touch neither edge: their sides are as they were drawn."""
    first, length, side = boxes.along(axis)
    return (first > 0) & (first + length < side)


def _whole(axis: int, boxes: Boxes, cut_off: bool) -> Tensor:
    """The boxes' sides; where some are cut off, of those inside alone, so that short sides are overrepresented."""
    _, length, _ = boxes.along(axis)
    return length[_inside(axis, boxes)] if cut_off else length


def hanging(axis: int, boxes: Boxes) -> tuple[bool, bool]:
    """Whether boxes are cut off at the first and at the last row: some there are shorter than any inside."""
    first, length, side = boxes.along(axis)
    whole = length[_inside(axis, boxes)]
    if not len(whole):
        return False, False
    at_edges = first == 0, first + length == side
    short = length < whole.min()
    by_chance = [float(at.double().mean()) ** int((short & at).sum()) for at in at_edges]
    short_there = [chance.beyond(p) and bool((short & at).any()) for p, at in zip(by_chance, at_edges)]
    if not any(short_there):
        return False, False
    first_edge, last_edge = (
        seen or _shorter(length[at].double(), whole.double()) for seen, at in zip(short_there, at_edges)
    )
    return first_edge, last_edge


def _shorter(some: Tensor, others: Tensor) -> bool:
    """By more than five standard errors."""
    error = (some.var() / len(some) + others.var() / len(others)).sqrt()
    return bool(others.mean() - some.mean() > 5 * error) if min(len(some), len(others)) > 1 else False


def _sides(boxes: Boxes, batches: list[Boxes]) -> Iterator[str]:
    """How long the boxes' sides are."""
    lengths, right, ranges = [], [], [_range(axis, boxes) for axis in (0, 1)]
    fixed = []
    for axis, (low, high) in enumerate(ranges):
        cut_off = any(hanging(axis, boxes))
        whole = [_whole(axis, one, cut_off) for one in [boxes, *batches]]
        length = whole[0]
        if cut_off:
            right.append(set(length.tolist()) == set(range(low, high + 1)))
        else:
            right.append(not all(chance.beyond(chance.evenly(length, low, high, ends)) for ends in _ENDS))
        lengths.append(length)
        fixed.append(len(torch.cat(whole).unique()) == 1)
    square = bool((boxes.height == boxes.width).all())
    if square:
        yield "every box is as high as it is wide; expected heights and widths drawn apart"
    if _per_batch(batches, lambda b: torch.stack([b.height, b.width])):
        yield "all boxes of a batch have the same height and width; expected a height and a width for each sample"
        return
    clamped = (ranges[1][0], min(ranges[1][1], boxes.sides[0])), ranges[0]
    if not square and all((int(lengths[a].min()), int(lengths[a].max())) == clamped[a] != ranges[a] for a in (0, 1)):
        yield (
            f"heights are {_span(lengths[0])} and widths {_span(lengths[1])} pixels of {boxes.sides[0]} × "
            f"{boxes.sides[1]}: height and width have changed places"
        )
        return
    for axis, (name, letter, _) in enumerate(_AXES):
        if right[axis]:
            continue
        side, (low, high), got = boxes.sides[axis], ranges[axis], lengths[axis]
        mean = float(got.double().mean())
        expected = f"expected {low} … {high}, {(low + high) / 2 / side:.3g} {letter} on average"
        if fixed[axis]:
            yield f"the {name} of your box is always {mean / side:.3g} {letter}, {int(got[0])} of {side} pixels; {expected}"
            continue
        told = f"the {name} of your box is {mean / side:.3g} {letter} on average, {_span(got)} of {side} pixels; {expected}"
        missing = sorted(set(range(int(got.min()), int(got.max()) + 1)) - set(got.tolist()))
        rooted = [pixels(side, ratio**0.5) for ratio in RATIOS]
        if missing:
            told += f": no box has {name} {', '.join(map(str, missing))}"
        elif [int(got.min()), int(got.max())] == rooted:
            told += ": the ratio is taken for the area, not for the side"
        yield told


def _span(values: Tensor) -> str:
    return f"{int(values.min())} … {int(values.max())}"


def _per_batch(batches: list[Boxes], what: Callable[[Boxes], Tensor]) -> bool:
    """Whether this is the same for all samples of a batch, but not for all batches."""
    seen = [what(b).reshape(-1, len(b.top)) for b in batches]
    same = all(bool((one == one[:, :1]).all()) for one in seen)
    return same and any(bool((one[:, 0] != seen[0][:, 0]).any()) for one in seen)


def _ignored_ratios(cut: Cut, boxes: Boxes) -> Iterator[str]:
    x = images(400)
    try:
        other = treatment(x, cut(x, Seeded(12), True))
    except NotAsked:  # a kit that has no such argument
        return
    if other is None:
        return
    for axis, (name, _, _) in enumerate(_AXES):
        length, default, side = other.boxes.along(axis)[1], boxes.along(axis)[1], boxes.sides[axis]
        low = int(side * OTHER_RATIOS[0])
        if _span(length) == _span(default) and float(length.double().mean()) < low:
            yield (
                f"with ratio_range={OTHER_RATIOS} the {name} of your box is still {_span(length)} of {side} pixels, at "
                f"least {low} expected: the argument has no influence"
            )


def _corners(boxes: Boxes, batches: list[Boxes]) -> Iterator[str]:
    """Where the boxes lie."""
    edges = [hanging(axis, boxes) for axis in (0, 1)]
    cut_off = [
        edge
        for axis, names in enumerate((("top", "bottom"), ("left", "right")))
        for edge, at in zip(names, edges[axis])
        if at
    ]
    if cut_off:
        yield f"boxes hang over the edge ({', '.join(cut_off)}); expected whole boxes inside of the image"
    every = [boxes, *batches]
    corner = [[b.along(axis) for b in every] for axis in (0, 1)]
    if all(bool((first == 0).all()) for axis in (0, 1) for first, _, _ in corner[axis]):
        yield "every box lies in the upper left corner; expected anywhere where it fits"
        return
    if all(
        bool((2 * first + length - side).abs().le(1).all()) for axis in (0, 1) for first, length, side in corner[axis]
    ):
        yield "every box lies in the middle; expected anywhere where it fits"
        return
    if all(_one_draw(axis, batches) for axis in (0, 1)):
        yield (
            "all boxes of a batch lie at the same place, as far as their sizes allow: one draw for the batch; expected "
            "one for each sample"
        )
        return
    for axis, (name, _, row) in enumerate(_AXES):
        if any(edges[axis]) or _follows_side(axis, boxes):
            continue
        yield from _unevenly(axis, boxes, name, row)


def _one_draw(axis: int, batches: list[Boxes]) -> bool:
    """Whether one number u in [0, 1) gives every first pixel of a batch as the whole part of u · (room + 1)."""
    for batch in batches:
        first, length, side = batch.along(axis)
        places = side - length + 1
        if float((first / places).max()) >= float(((first + 1) / places).min()):
            return False
    return True


def _unevenly(axis: int, boxes: Boxes, name: str, row: str) -> Iterator[str]:
    first, length, side = boxes.along(axis)
    sizes = length.unique().tolist()
    p = [chance.evenly(first[length == size], 0, side - size) for size in sizes]
    if min(p) * len(sizes) >= chance.LEVEL:
        return
    reached = int(first.min()), int((first + length).max())
    if reached[1] < side:
        yield f"no box reaches the last {row}: the last one it covers is {reached[1]} of {side}"
    if reached[0] > 0:
        yield f"no box begins before {row} {reached[0]}, counted from 0; expected 0"
    if _room_of_largest(axis, boxes):
        yield (
            f"no box begins after {row} {side - int(length.max())}, the last place where the largest one fits: smaller "
            f"boxes never reach the edge"
        )
    elif reached == (0, side):
        where = float((first / (side - length).clamp(min=1)).mean())
        yield (
            f"not every {row} where a box of its {name} fits is equally likely: on average it begins at {where:.2g} of the "
            f"room that it has; expected 0.5 and all places alike"
        )


def _room_of_largest(axis: int, boxes: Boxes) -> bool:
    first, length, side = boxes.along(axis)
    p = [chance.evenly(first[length == size], 0, side - int(length.max())) for size in length.unique().tolist()]
    return not any(map(chance.beyond, p))


def _follows_side(axis: int, boxes: Boxes) -> bool:
    """Whether a box's place hangs together with its size, not only through the room that is left."""
    first, length, side = boxes.along(axis)
    beyond = (2 * first - side + length).sign()  # the middle of its room; a box just there tells nothing
    telling = beyond.ne(0)
    depends = chance.beyond(chance.independent(length[telling], beyond[telling]))
    return depends and not _room_of_largest(axis, boxes)


def _draws(boxes: Boxes, batches: list[Boxes]) -> Iterator[str]:
    """Which draws depend on each other."""
    if all(_one_draw(axis, batches) for axis in (0, 1)):
        return
    if bool((boxes.height == boxes.width).all()) or any(any(hanging(axis, boxes)) for axis in (0, 1)):
        return
    down, right = (2 * first - side + length for first, length, side in map(boxes.along, (0, 1)))
    telling = down.ne(0) & right.ne(0)
    apart = {
        "height and width": not chance.beyond(chance.independent(boxes.height, boxes.width)),
        "row and column": not chance.beyond(chance.independent(down[telling].sign(), right[telling].sign())),
        "height and row": not _follows_side(0, boxes),
        "width and column": not _follows_side(1, boxes),
    }
    for name, independent in apart.items():
        if not independent:
            yield f"{name} of a box depend on each other; expected independent draws"


def _generator(cut: Cut) -> Iterator[str]:
    x = images(FEW)
    first, again, later = (treatment(x, cut(x, seeded, False)) for seeded in (Seeded(5), Seeded(5), Seeded(5, 3)))
    if first is None or again is None or later is None:
        return
    one, other, third = first.boxes, again.boxes, later.boxes
    if len(one.top) != len(other.top) or len(one.top) != len(third.top):
        return
    sizes = torch.equal(one.height, other.height) and torch.equal(one.width, other.width)
    places = torch.equal(one.top, other.top) and torch.equal(one.left, other.left)
    if not (sizes or places):
        yield "twice the same generator gives different boxes; expected every random number from it"
    elif not (sizes and places):
        drawn, not_drawn = ("sizes", "places") if sizes else ("places", "sizes")
        yield f"twice the same generator gives boxes of the same {drawn} at other {not_drawn}"
    elif all(torch.equal(getattr(one, n), getattr(third, n)) for n in ("top", "left", "height", "width")):
        yield "a generator that has been used gives the same boxes again; expected its next numbers"
