"""``augment.diff_augment`` from its statistics: which transforms a policy runs, in which order, and how far they go.

| policy        | what tells                                                                             |
| ------------- | -------------------------------------------------------------------------------------- |
| ""            | the images come back                                                                   |
| "colour"      | the type of the error                                                                  |
| "cutout"      | boxes, as in :mod:`cutout`                                                             |
| "translation" | where a pixel of its own value went, and what came in behind it                        |
| "color"       | saturation, contrast and brightness: least squares on image, grey value and a constant |
| two names     | zeros that are cut out are still zeros if the colours came before                      |
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ....sandbox.crossing.values import Seeded
from ....verdicts import Failure, Finding
from .. import chance
from ..boxes import images
from ..evidence import Answer, Ask
from .cutout import cutout

MANY, CALLS, FEW = 300, 24, 16
RANGES = {"brightness": (-0.5, 0.5), "saturation": (0.0, 2.0), "contrast": (0.5, 1.5)}
_NEUTRAL = {"brightness": 0.0, "saturation": 1.0, "contrast": 1.0}


def read_augmentation(ask: Ask, record: list[Answer]) -> list[Finding]:
    """What is wrong with ``augment.diff_augment``."""
    said: list[str] = []
    for read in (_empty, _order, _default, _translation, _color, _cutout, _generator):
        said += read(ask)
    return [Finding(f"{one[0].upper()}{one[1:]}.", one) for one in said]


def _answer(ask: Ask, x: Tensor, policy: str | None, seed: int = 11, drawn: int = 0) -> Tensor | None:
    """The images in float64; None where none came back."""
    y: Any = ask(x=x, generator=Seeded(seed, drawn), **({} if policy is None else {"policy": policy}))
    usable = isinstance(y, Tensor) and y.shape == x.shape and y.is_floating_point() and bool(y.isfinite().all())
    return y.double() if usable else None


def _empty(ask: Ask) -> Iterator[str]:
    x = images(FEW, 3)
    try:
        y = _answer(ask, x, "")
    except Failure as failure:
        if not failure.error:
            raise
        yield f"an empty policy raises {failure.error}; expected the images as they are"
        return
    if y is not None and not torch.allclose(y, x, rtol=1e-6):
        yield "an empty policy changes the images; expected the images as they are"


def _applied(x: Tensor, y: Tensor) -> tuple[bool, bool]:
    """Whether colours were changed and whether zeros were cut out afterwards (x has no zeros)."""
    cut_out = bool((y == 0).any())
    kept = y != 0
    return not torch.allclose(y[kept], x[kept], rtol=1e-6), cut_out


def _order(ask: Ask) -> Iterator[str]:
    """Two names each way round, in several calls: what is left out now and then, always, or in another order."""
    x = 0.3 * images(FEW, 3)
    seen = {
        policy: [_applied(x, y) for i in range(CALLS) if (y := _answer(ask, x, policy, 100 + i)) is not None]
        for policy in ("color,cutout", "cutout,color")
    }
    if any(len(calls) < CALLS for calls in seen.values()):
        return
    forwards, backwards = seen.values()
    colours, cuts = [color for color, _ in forwards], [cut for _, cut in forwards]
    late = [cut for _, cut in backwards]
    if not any(colours) and not any(cuts):
        yield "the policy color,cutout changes nothing"
    elif all(colours) and all(cuts) and all(late):
        yield "the cutout always comes after the colours, whatever the policy's order"
    elif all(colours) and not any(cuts) and all(late) and all(color for color, _ in backwards):
        yield "the transforms run from right to left: of color,cutout the cutout comes first"
    elif all(colours) and not any(cuts) and not any(late):
        yield "of color,cutout no zeros are left: the cutout is missing, or the colours always come last"
    elif not any(colours) and all(cuts):
        yield "of color,cutout only the last transform is seen in the result"
    elif all(colours) and not any(cuts):
        yield "of color,cutout only the first transform is seen in the result"
    elif not (all(colours) and all(cuts)):
        yield (
            f"of {CALLS} calls with the policy color,cutout {sum(colours)} changed the colours and {sum(cuts)} cut boxes "
            f"out; expected both in every call"
        )


def _default(ask: Ask) -> Iterator[str]:
    x = 0.3 * images(64, 3, 16, 16)
    y = _answer(ask, x, None)
    explicit = _answer(ask, x, "color,translation,cutout")
    if y is None or explicit is None or torch.allclose(y, explicit, rtol=1e-6):
        return
    if torch.equal(y, x):
        yield "without a policy the images stay as they are; expected color,translation,cutout"
        return
    (got, full) = (_seen(one) for one in (y, explicit))
    missing = [name for name in full if name not in got]
    if missing:
        yield f"without a policy {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; expected color,translation,cutout"


def _seen(y: Tensor) -> list[str]:
    """Transforms that leave zeros: rows or columns of them at the edges, boxes in the middle."""
    zero = (y == 0).all(1)
    edges = zero.all(2)[:, [0, -1]].any() or zero.all(1)[:, [0, -1]].any()
    return ["translation"] * bool(edges) + ["cutout"] * bool(zero[:, 7:9, 7:9].any())


def _translation(ask: Ask) -> Iterator[str]:
    x = images(MANY, 2, 16, 24)
    y = _answer(ask, x, "translation")
    if y is None:
        return
    middle = (y[:, 0] - x[:, 0, 8:9, 12:13]).abs() < 1e-6
    if not bool((middle.flatten(1).sum(1) == 1).all()):
        return
    place = middle.flatten(1).to(torch.int8).argmax(1)
    shifts = {"down": place // 24 - 8, "to the right": place % 24 - 12}
    down, right = shifts.values()
    beyond = {
        "zeros": lambda rows, columns: _taken(x, rows, columns, False),
        "the other side of the image": lambda rows, columns: _taken(x, rows, columns, True),
    }
    fits = [said for said, moved in beyond.items() if torch.allclose(y, moved(down, right), rtol=1e-6)]
    if not fits:
        return
    if fits[0] != "zeros":
        yield f"translation: what comes in at the edge is {fits[0]}; expected zeros"
    if not bool(down.any() or right.any()):
        yield "translation moves nothing"
        return
    if bool((down == down[0]).all() and (right == right[0]).all()):
        yield "translation: all images of a batch are moved alike; expected a shift for each"
        return
    for (name, moved), most, letter in zip(shifts.items(), (2, 3), "HW"):
        if chance.beyond(chance.evenly(moved, -most, most)):
            side = {"H": 16, "W": 24}[letter]
            yield (
                f"translation: images move {int(moved.min())} … {int(moved.max())} pixels {name} of {letter} = {side}; "
                f"expected {-most} … {most}, all alike"
            )


def _taken(x: Tensor, down: Tensor, right: Tensor, around: bool) -> Tensor:
    """Each image moved by its own shift."""
    height, width = x.shape[2:]
    rows = torch.arange(height)[None] - down[:, None]
    columns = torch.arange(width)[None] - right[:, None]
    sample = torch.arange(len(x))[:, None, None]
    moved = x.permute(0, 2, 3, 1)[sample, rows.remainder(height)[:, :, None], columns.remainder(width)[:, None, :]]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    moved = moved if around else moved * inside[..., None]
    return moved.permute(0, 3, 1, 2)


def _color(ask: Ask) -> Iterator[str]:
    x = 0.2 * images(MANY, 3, 4, 5)
    y = _answer(ask, x, "color")
    factors = color_factors(x, y) if y is not None else None
    if factors is None:
        return
    for name, values in factors.items():
        low, high = RANGES[name]
        got = f"{float(values.min()):.2f} … {float(values.max()):.2f}"
        if float((values - _NEUTRAL[name]).abs().max()) < 1e-6:
            yield f"color never changes the {name}; expected {low:g} … {high:g}"
        elif float(values.std()) < 1e-6:
            yield f"color: the {name} of all images of a batch is the same; expected one for each"
        elif chance.beyond(chance.uniform(values, low, high)):
            yield f"color: the {name} is {got}, {float(values.mean()):.2f} on average; expected {low:g} … {high:g}, evenly"
    wide = images(MANY, 3, 4, 5)
    y = _answer(ask, wide, "color")
    if y is not None and float(y.max()) <= 1 and float(y.min()) >= -1 and color_factors(wide, y) is None:
        yield "the result is cut off at −1 and 1; expected values beyond as well"


def color_factors(x: Tensor, y: Tensor) -> dict[str, Tensor] | None:
    """What leads from each image to the other: y = c s (x − grey) + c (grey − mean) + mean + b, by least squares."""
    grey = x.mean(1, keepdim=True).expand_as(x)
    columns = torch.stack([x.flatten(1), grey.flatten(1), torch.ones_like(x).flatten(1)], 2)
    weights = torch.linalg.lstsq(columns, y.flatten(1)[..., None]).solution
    if float((columns @ weights - y.flatten(1)[..., None]).abs().max()) > 1e-6:
        return None
    of_x, of_grey, constant = weights[..., 0].unbind(1)
    contrast = of_x + of_grey
    brightness = constant - (1 - contrast) * x.mean((1, 2, 3))
    return {"brightness": brightness, "saturation": of_x / contrast, "contrast": contrast}


def _cutout(ask: Ask) -> Iterator[str]:
    said = cutout(lambda x, generator, other: ask(x=x, policy="cutout", generator=generator), alone=False)
    yield from (f"cutout: {one}" for one in said)


def _generator(ask: Ask) -> Iterator[str]:
    x, kept = 0.3 * images(FEW, 3, 16, 16), []
    for policy in ("color", "translation", "cutout"):
        first, again, later = (_answer(ask, x, policy, 5, drawn) for drawn in (0, 0, 3))
        if first is None or again is None or later is None or torch.equal(first, x):
            return
        kept.append(torch.equal(first, again))
        if policy == "color" and torch.equal(first, later):
            yield "a generator that has been used gives the same result again; expected its next numbers"
    lost = [name for name, same in zip(("color", "translation", "cutout"), kept) if not same]
    if lost:
        yield f"twice the same generator gives different results for {' and '.join(lost)}; expected every number from it"
