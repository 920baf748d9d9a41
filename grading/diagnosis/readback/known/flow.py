"""The functions of flow matching that are sums of images: their weights are made of times.

| function         | terms                                                 | weights are made of                     |
| ---------------- | ----------------------------------------------------- | --------------------------------------- |
| flow_interpolate | x0, x1                                                | t, 1 − t                                |
| flow_velocity    | x0, x1                                                | numbers                                 |
| flow_step        | x_t, v                                                | t_next − t, t, t_next, 1 − t            |
| guided_velocity  | the network's answers, told this or that; x_t         | scale s                                 |
"""

from collections.abc import Callable
from functools import cache, partial

import torch
from torch import Tensor

from ....checking.points import Draw
from ..evidence import Arguments, plain
from ..expressions import Quantities, of, product, single
from ..sums import LAYOUTS, Sum, Terms
from .combinations import always, at_scales, scale_quantities, scale_regime
from .schedule import SHAPES, given_images

COUNT = 24


def _drawn(seed: int, names: tuple[str, ...], more: Callable[[Draw], Arguments]) -> Callable[[], list[Arguments]]:
    @cache
    def calls() -> list[Arguments]:
        draw = Draw([14, seed])
        shapes = [SHAPES[draw.integer(0, len(SHAPES) - 1)] for _ in range(COUNT)]
        return [{name: draw.image(*shape) for name in names} | more(draw) for shape in shapes]

    return calls


def _time(arguments: Arguments, edge: str) -> Quantities:
    t = torch.as_tensor(arguments["t"], dtype=torch.float64)
    return {"t": t, "1−t": 1 - t}


def _side_of(arguments: Arguments) -> Tensor:
    """Inside, at the noise, or at the data."""
    t = torch.as_tensor(arguments["t"])
    return torch.where(t == 0, 1, torch.where(t == 1, 2, 0))


def _step(arguments: Arguments, edge: str) -> Quantities:
    t, t_next = (torch.tensor(float(arguments[name]), dtype=torch.float64) for name in ("t", "t_next"))
    return {"t_next−t": t_next - t, "t": t, "t_next": t_next, "1−t": 1 - t, "1−t_next": 1 - t_next}


def _at_an_end(arguments: Arguments) -> Tensor:
    return torch.tensor(1 if arguments["t"] == 0 else 2 if arguments["t_next"] == 1 else 0)


def _steps(number: int, begin: float | None = None, end: float | None = None) -> Callable[[], list[Arguments]]:
    def times(draw: Draw) -> Arguments:
        t = draw.number(0.05, 0.45) if begin is None else begin
        return {"t": t, "t_next": draw.number(0.5, 0.95) if end is None else end}

    return _drawn(number, ("x_t", "v"), times)


def curved_model(x_t: Tensor, labels: Tensor, t: Tensor, keep: Tensor | None = None) -> Tensor:
    """Without symmetry, linear in nothing; where keep is 0 the label says nothing."""
    kept = torch.ones(len(x_t), dtype=x_t.dtype) if keep is None else keep.to(x_t.dtype)
    strength = (kept * torch.cos(labels.to(x_t.dtype) + 1)).reshape(-1, 1, 1, 1)
    place = torch.arange(x_t[0].numel(), dtype=x_t.dtype).reshape(x_t.shape[1:])
    time = t.to(x_t.dtype).reshape(-1, 1, 1, 1)
    return torch.sin((1.3 + 0.2 * strength) * x_t + strength * torch.cos(place * 1.7) + 1.9 * time + place.sin())


def _asked(draw: Draw) -> Arguments:
    labels, t = torch.tensor([3, 1, 8]), torch.from_numpy(draw.rng.uniform(0.1, 0.9, 3))
    return {"model": curved_model, "x_t": draw.image(3, 2, 4, 5), "labels": labels, "t": t}


def _answers(arguments: Arguments) -> Terms:
    arguments = plain(arguments)
    model, x_t, labels, t = (arguments[name] for name in ("model", "x_t", "labels", "t"))
    with_class, without = torch.ones(len(x_t), dtype=x_t.dtype), torch.zeros(len(x_t), dtype=x_t.dtype)
    return {
        "the velocity without a class": partial(model, x_t, labels, t, without),
        "the velocity for the class": partial(model, x_t, labels, t, with_class),
        "the velocity for class 0": partial(model, x_t, torch.zeros_like(labels), t, with_class),
        "the velocity for another sample's class": partial(model, x_t, labels.roll(1), t, with_class),
        **{
            f"the velocity {told}, label and time of the {half} half of 1, 1, 2, 2, … instead of its own,": partial(
                model, x_t, *(one.repeat_interleave(2)[rows] for one in (labels, t)), kept
            )
            for told, kept in (("for the class", with_class), ("without a class", without))
            for half, rows in (("first", slice(len(x_t))), ("second", slice(len(x_t), None)))
        },
        "the velocity without a class at 1 − t": partial(model, x_t, labels, 1 - t, without),
        "the velocity for the class at 1 − t": partial(model, x_t, labels, 1 - t, with_class),
        "x_t": lambda: x_t,
    }


FORMULAS: dict[str, Sum] = {
    "flow.flow_interpolate": Sum(
        terms=given_images("x0", "x1"),
        quantities=_time,
        expected={"x0": single(**{"1−t": 1}), "x1": single(t=1)},
        points={
            "": _drawn(1, ("x0", "x1"), lambda draw: {"t": draw.number(0.05, 0.95)}),
            "at t = 0": _drawn(2, ("x0", "x1"), lambda draw: {"t": 0.0}),
            "at t = 1": _drawn(3, ("x0", "x1"), lambda draw: {"t": 1.0}),
        },
        regime=_side_of,
        core=("t", "1−t"),
        layouts=LAYOUTS,
    ),
    "flow.flow_velocity": Sum(
        terms=given_images("x0", "x1"),
        quantities=lambda arguments, edge: {"1": torch.tensor(1.0, dtype=torch.float64)},
        expected={"x0": single(-1.0), "x1": single()},
        points={"": _drawn(4, ("x0", "x1"), lambda draw: {})},
        regime=always,
        core=(),
    ),
    "flow.flow_step": Sum(
        terms=given_images("x_t", "v"),
        quantities=_step,
        expected={"x_t": single(), "v": single(**{"t_next−t": 1})},
        points={"": _steps(5), "from t = 0": _steps(6, begin=0.0), "to t_next = 1": _steps(7, end=1.0)},
        regime=_at_an_end,
        core=("t_next−t", "t", "t_next", "1−t"),
    ),
    "flow.guided_velocity": Sum(
        terms=_answers,
        quantities=scale_quantities,
        expected={
            "the velocity without a class": of(product(1.0), product(-1.0, {"s": 1})),
            "the velocity for the class": single(1.0, s=1),
        },
        points=at_scales(_asked),
        regime=scale_regime,
        core=("s",),
    ),
}
