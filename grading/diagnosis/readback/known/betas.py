"""The schedules of β: which points, which curve, what is done with it.

β = min(1 − f((i+1)/T) / f(i/T), max_beta),   f(u) = cos²((u + s) / (1 + s) · π/2)
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..evidence import Arguments
from ..variants import Choice, Family

Shape = Callable[[Tensor], Tensor]


def _line(start: float, end: float, points: int) -> Tensor:
    return torch.linspace(start, end, points, dtype=torch.float64)


_ORDER = Choice(
    "in the order of the steps",
    lambda x: x,
    {"the table is reversed": lambda x: x.flip(0)},
)
_POINTS = Choice(
    "T points, both ends included",
    lambda line, T: line(T),
    {
        "the last end is missing": lambda line, T: line(T + 1)[:-1],
        "the first end is missing": lambda line, T: line(T + 1)[1:],
        "both ends are missing": lambda line, T: line(T + 2)[1:-1],
        "the table has one entry too many": lambda line, T: line(T + 1),
        "the table has one entry too few": lambda line, T: line(T - 1),
        "the table always has 1000 entries": lambda line, T: line(1000),
        "a 0 stands in front of the table": lambda line, T: torch.cat([torch.zeros(1).double(), line(T)]),
    },
)
_MADE = Choice(
    "the betas",
    lambda x: x,
    {
        "1 − β comes back, not β": lambda x: 1 - x,
        "the running product of 1 − β comes back, not β": lambda x: (1 - x).cumprod(0),
        "the roots of the betas come back": lambda x: x.sqrt(),
        "the squares of the betas come back": lambda x: x.square(),
    },
)


def _end(name: str, default: float, other: str, its_default: float) -> Choice:
    return Choice(
        name,
        lambda a, T: a.get(name, default),
        {
            f"{name} is ignored: the table has {default:g} there": lambda a, T: default,
            f"{name} is ignored: the table has 0 there": lambda a, T: 0.0,
            f"{name} is ignored: the table has 1 there": lambda a, T: 1.0,
            f"{other} stands where {name} belongs": lambda a, T: a.get(other, its_default),
            f"{name} is multiplied by 1000 / T": lambda a, T: a.get(name, default) * 1000 / T,
            f"{name} is divided by T": lambda a, T: a.get(name, default) / T,
        },
    )


_SCALE = Choice(
    "the same ends for every T",
    lambda T: 1.0,
    {
        "both ends are multiplied by 1000 / T": lambda T: 1000 / T,
        "both ends are multiplied by T / 1000": lambda T: T / 1000,
        "both ends are divided by T": lambda T: 1 / T,
    },
)


def _spaced(spaces: Mapping[str, tuple[Shape, Shape]], expected: str, start: float, end: float) -> Family:
    """A table whose values are evenly spaced in some sense; the first of ``spaces`` is the right one."""
    (right, *rest) = spaces

    def compute(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
        T = a.get("num_train_steps", 1000)
        there, back = choices["space"]
        ends = [torch.tensor(float(choices[name](a, T)), dtype=torch.float64) for name in ("beta_start", "beta_end")]
        first, last = (float(there(one * choices["scale"](T))) for one in ends)
        line = lambda points: back(_line(first, last, points))
        return choices["order"](choices["made"](choices["points"](line, T)))

    return Family(
        compute,
        {
            "space": Choice(expected, spaces[right], {name: spaces[name] for name in rest}),
            "beta_start": _end("beta_start", start, "beta_end", end),
            "beta_end": _end("beta_end", end, "beta_start", start),
            "scale": _SCALE,
            "points": _POINTS,
            "made": _MADE,
            "order": _ORDER,
        },
    )


_SAME: Shape = lambda x: x
_LINEAR = {
    "": (_SAME, _SAME),
    "the table is linear in the roots of the betas": (torch.sqrt, torch.square),
    "the table is linear in the logarithms of the betas": (torch.log, torch.exp),
    "the table is linear in the squares of the betas": (torch.square, torch.sqrt),
}
_SCALED = {
    "": (torch.sqrt, torch.square),
    "the table is linear in the betas themselves": (_SAME, _SAME),
    "the square after the even spacing is missing": (torch.sqrt, _SAME),
    "the roots of the ends are missing: they are squared without having been taken": (_SAME, torch.square),
    "root and square are exchanged": (torch.square, torch.sqrt),
    "the table is linear in the logarithms of the betas": (torch.log, torch.exp),
    "the spaced roots are taken to the third power": (torch.sqrt, lambda x: x**3),
}


def _cosine(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    T, offset, bound = a.get("num_train_steps", 1000), a.get("offset", 0.008), a.get("max_beta", 0.999)
    above, below = choices["offset"](offset)
    angle = (choices["points"](T) + above) / (1 + below) * choices["angle"]
    f = choices["curve"](angle)
    return choices["order"](choices["bound"](choices["made"](f), bound))


_COSINE = Family(
    _cosine,
    {
        "points": Choice(
            "i / T",
            lambda T: _line(0, 1, T + 1),
            {
                "u runs over i / (T + 1)": lambda T: torch.arange(T + 1).double() / (T + 1),
                "u runs over (i + 1) / (T + 1)": lambda T: torch.arange(1, T + 2).double() / (T + 1),
                "u runs over (i + 1) / T: every beta is the one of the next step": lambda T: (
                    torch.arange(1, T + 2).double() / T
                ),
                "u runs over (i − 1) / T: every beta is the one of the step before": lambda T: (
                    torch.arange(-1, T).double() / T
                ),
                "u runs over (i + ½) / T": lambda T: (torch.arange(T + 1) + 0.5) / T,
                "u runs over i / (T − 1)": lambda T: torch.arange(T + 1).double() / max(T - 1, 1),
                "u takes T points, which leaves one beta too few": lambda T: _line(0, 1, T),
                "u takes T points i / T, which leaves one beta too few": lambda T: torch.arange(T).double() / T,
                "u takes T + 2 points, which makes one beta too many": lambda T: _line(0, 1, T + 2),
                "u always takes 1001 points": lambda T: _line(0, 1, 1001),
                "u runs over i, not divided by T": lambda T: torch.arange(T + 1).double(),
            },
        ),
        "offset": Choice(
            "(u + s) / (1 + s)",
            lambda s: (s, s),
            {
                "the offset is missing in the numerator": lambda s: (0.0, s),
                "the offset is missing in the denominator": lambda s: (s, 0.0),
                "the offset is ignored": lambda s: (0.0, 0.0),
                "the offset stands twice in the numerator": lambda s: (2 * s, s),
                "the offset stands twice in the denominator": lambda s: (s, 2 * s),
                "the offset has the wrong sign in the numerator": lambda s: (-s, s),
                "the offset has the wrong sign in the denominator": lambda s: (s, -s),
                "the offset has the wrong sign": lambda s: (-s, -s),
                "the offset is always 0.008": lambda s: (0.008, 0.008),
                "the offset in the denominator is always 0.008": lambda s: (s, 0.008),
                "the offset in the numerator is always 0.008": lambda s: (0.008, s),
            },
        ),
        "angle": Choice(
            "π/2",
            math.pi / 2,
            {
                "the factor ½ on π is missing": math.pi,
                "π is divided by 4": math.pi / 4,
                "the factor π is missing": 0.5,
                "the factor π/2 is missing": 1.0,
                "2π stands in the place of π/2": 2 * math.pi,
                "2/π stands in the place of π/2": 2 / math.pi,
            },
        ),
        "curve": Choice(
            "cos²",
            lambda x: x.cos().square(),
            {
                "the cosine is not squared": torch.cos,
                "the cosine is taken to the third power": lambda x: x.cos() ** 3,
                "the cosine is taken to the fourth power": lambda x: x.cos() ** 4,
                "f is √cos where it should be cos²": lambda x: x.cos() ** 0.5,
                "f is sin² where it should be cos²": lambda x: x.sin().square(),
                "f is cos(x²) where it should be cos²(x)": lambda x: x.square().cos(),
            },
        ),
        "made": Choice(
            "1 − f((i + 1)/T) / f(i/T)",
            lambda f: 1 - f[1:] / f[:-1],
            {
                "the ratio of neighbours comes back, without 1 −": lambda f: f[1:] / f[:-1],
                "1 + the ratio stands in the place of 1 − the ratio": lambda f: 1 + f[1:] / f[:-1],
                "the ratio less 1 stands in the place of 1 less the ratio": lambda f: f[1:] / f[:-1] - 1,
                "the difference of neighbours stands in the place of 1 − their ratio": lambda f: f[:-1] - f[1:],
                "the difference of neighbours, divided by f(0), stands in the place of 1 − their ratio": lambda f: (
                    (f[:-1] - f[1:]) / f[0]
                ),
                "f is divided by f(0) alone: 1 − ᾱ comes back": lambda f: 1 - f[1:] / f[0],
                "f is divided by its last value": lambda f: 1 - f[1:] / f[-1],
                "1 − f comes back: nothing is divided": lambda f: 1 - f[1:],
                "ᾱ comes back, not β": lambda f: f[1:] / f[0],
                "f comes back, which is no β": lambda f: f[1:],
                "neighbours are multiplied, not divided": lambda f: 1 - f[1:] * f[:-1],
                "f is divided by f(0) twice, in one of two neighbours": lambda f: 1 - f[1:] / f[0] / f[:-1],
                "the ratio is that of points two apart": lambda f: 1 - f[2:] / f[:-2],
                "the first beta is missing": lambda f: (1 - f[1:] / f[:-1])[1:],
                "a 0 stands in front and the last beta is missing": lambda f: torch.cat(
                    [f.new_zeros(1), (1 - f[1:] / f[:-1])[:-1]]
                ),
            },
        ),
        "bound": Choice(
            "at most max_beta",
            lambda b, most: b.clamp(max=most),
            {
                "nothing is cut off at max_beta": lambda b, most: b,
                "max_beta bounds the last beta alone": lambda b, most: torch.cat([b[:-1], b[-1:].clamp(max=most)]),
                "max_beta takes the last beta's place, and bounds no other": lambda b, most: torch.cat(
                    [b[:-1], torch.full_like(b[-1:], most)]
                ),
                "max_beta is taken for the lower bound": lambda b, most: b.clamp(min=most),
                "max_beta is ignored: the bound is always 0.999": lambda b, most: b.clamp(max=0.999),
                "betas below 0.0001 are lifted": lambda b, most: b.clamp(1e-4, most),
                "betas below 0.001 are lifted": lambda b, most: b.clamp(1e-3, most),
                "betas below 1 − max_beta are lifted": lambda b, most: b.clamp(1 - most, most),
                "the bound is 1 − max_beta": lambda b, most: b.clamp(max=1 - most),
                "the betas are multiplied by max_beta": lambda b, most: b * most,
                "betas beyond max_beta become 0": lambda b, most: b.where(b <= most, 0),
            },
        ),
        "order": _ORDER,
    },
)


BETAS: dict[str, Family] = {
    "noising.linear_betas": _spaced(_LINEAR, "linear in the betas", 1e-4, 0.02),
    "noising.scaled_linear_betas": _spaced(_SCALED, "linear in the roots, then squared", 0.00085, 0.012),
    "noising.cosine_betas": _COSINE,
}
