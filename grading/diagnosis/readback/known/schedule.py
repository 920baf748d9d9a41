"""The functions whose weights are made of the noise schedule.

| name         | value                       | name        | value                                |
| ------------ | --------------------------- | ----------- | ------------------------------------ |
| ᾱ_t          | alphas_cumprod[t]           | β           | 1 − ᾱ_t/ᾱ_prev, of the stride        |
| ᾱ_prev       | alphas_cumprod[t_prev]      | β_table(t)  | 1 − ᾱ_t/ᾱ_{t−1}, what betas[t] holds |
| ᾱ_{t−1} …    | at a mistaken index         | η           | the argument eta                     |
| ᾱ_{T−1}      | alphas_cumprod[-1]          | t/T         | the timestep as a fraction           |
| 1+ᾱ_t …      | a sign that is wrong        |             |                                      |

Every point has a random schedule of its own. With the schedule of a training run all logarithms would be nearly
proportional to each other, and alphas_cumprod[0] could not be told from a constant.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property, partial

import torch
from torch import Tensor

from ....checking.points import Draw
from ..evidence import Arguments, plain
from ..expressions import HALF, Expression, Power, Quantities, of, product, single
from ..sums import LAYOUTS, Sum

T = 40
COUNT, FEW = 80, 24  # points in the first regime, in each of the others
SHAPES = [(B, 2, 3, 5) for B in (2, 1, 3)]
EDGES = {
    "clean": "",
    "wraps": "Below index 0 the schedule is read from its other end, Python's negative index, instead of ᾱ = 1.",
    "first": "The clean image is given the noise level of index 0.",
}


def schedule(draw: Draw, steps: int = T) -> Tensor:
    """Random cumulative alphas: decreasing from about 0.97 to about 0.03, with uneven steps."""
    gaps = torch.from_numpy(draw.rng.uniform(0.3, 1.7, steps + 1)).cumsum(0)
    return 0.97 - 0.94 * gaps[:-1] / gaps[-1]


def _level(alphas_cumprod: Tensor, index: Tensor, edge: str) -> Tensor:
    inside = alphas_cumprod[index.clamp(min=0)]  # beyond the upper end an IndexError, as in the student's code
    if edge == "wraps":
        return alphas_cumprod[index.remainder(len(alphas_cumprod))]
    return torch.where(index >= 0, inside, torch.ones_like(inside)) if edge == "clean" else inside


def levels(arguments: Arguments, edge: str) -> Quantities:
    """All quantities at one point, or one value per sample where t is a tensor. Computed when they are asked for."""
    return _Levels(arguments, edge)


class _Levels(Mapping[str, Tensor]):
    """Quantities by name. t+1 may lie outside of the table, so that only what a formula uses is looked up."""

    def __init__(self, arguments: Arguments, edge: str) -> None:
        self.arguments, self.edge = arguments, edge
        self.table: Tensor = arguments["alphas_cumprod"]
        indices: dict[str, Tensor] = {}
        if "t" in arguments:
            t = torch.as_tensor(arguments["t"])
            indices |= {"t": t, "{t−1}": t - 1, "{t+1}": t + 1}
        if "t_prev" in arguments:
            prev = torch.as_tensor(arguments["t_prev"])
            indices |= {"prev": prev, "{prev−1}": prev - 1, "{prev+1}": prev + 1}
        anchor = next(iter(indices.values()))
        self.indices = indices | {"0": 0 * anchor, "{T−1}": 0 * anchor + len(self.table) - 1}
        images = [value for value in plain(arguments).values() if isinstance(value, Tensor) and value.ndim == 4]
        self.batch = len(images[0]) if images else 0
        self._known: dict[str, Tensor] = {}

    @cached_property
    def names(self) -> list[str]:
        """What can be looked up here: at t = T − 1 there is no ᾱ_{t+1}."""
        there = [label for label, index in self.indices.items() if int(index.max()) < len(self.table)]
        betas = ["β"] * ("prev" in self.indices and "t" in self.indices)
        betas += [f"β_table({i})" for i in ("t", "{t+1}", "prev", "{prev+1}") if i in there]
        betas += [f"1−ᾱ_{a}/ᾱ_{b}" for a, b in _STRIDES if a in there and b in there]
        others = ["η"] * ("eta" in self.arguments) + (["t/T", "(t+1)/T"] if "t" in self.indices else [])
        others += ["B"] * (self.batch > 0)
        natural = [i for i in ("t", "prev") if i in self.indices]
        rest = [i for i in there if i not in natural]
        return (
            [f"{kind}{i}" for i in natural for kind in ("ᾱ_", "1−ᾱ_")]
            + betas[:1]
            + others[:1]
            + [
                *(f"{kind}{i}" for i in rest for kind in ("ᾱ_", "1−ᾱ_")),
                *(f"1+ᾱ_{i}" for i in natural),
                *betas[1:],
                *others[1:],
            ]
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._known:
            self._known[name] = self._value(name)
        return self._known[name]

    def _value(self, name: str) -> Tensor:
        if name == "η":
            return torch.tensor(float(self.arguments["eta"]), dtype=torch.float64)
        if name == "B":
            return torch.tensor(float(self.batch), dtype=torch.float64)
        if name in ("t/T", "(t+1)/T"):
            return (self.indices["t"].double() + name.startswith("(")) / len(self.table)
        if name == "β":
            return 1 - self._at("t") / self._at("prev")
        if name.startswith("β_table("):
            index = self.indices[name[8:-1]]
            return 1 - _level(self.table, index, self.edge) / _level(self.table, index - 1, self.edge)
        if "/" in name:
            above, below = name.removeprefix("1−").split("/")
            return 1 - self._at(above[2:]) / self._at(below[2:])
        if name.startswith("1+"):
            return 1 + self._at(name[4:])
        return self._at(name[2:]) if name.startswith("ᾱ_") else 1 - self._at(name[4:])

    def _at(self, label: str) -> Tensor:
        return _level(self.table, self.indices[label], self.edge)


_STRIDES = (("{t−1}", "prev"), ("{t+1}", "prev"), ("t", "{prev+1}"), ("t", "{prev−1}"), ("{t−1}", "{prev−1}"))


def given_images(*names: str) -> Callable[[Arguments], dict[str, Callable[[], Tensor]]]:
    return lambda arguments: {name: partial(plain(arguments).__getitem__, name) for name in names}


def _point(draw: Draw, images: tuple[str, ...], **rest: object) -> Arguments:
    shape = SHAPES[draw.integer(0, len(SHAPES) - 1)]
    made = {name: draw.image(*shape) for name in images}
    return made | rest | {"alphas_cumprod": schedule(draw)}


def at_one_level(images: tuple[str, ...], expected: dict[str, Expression], terms=None, more=None, index="t") -> Sum:
    """A function of one timestep."""

    @cache
    def within() -> list[Arguments]:
        draw = Draw(1)
        return [_extend(draw, {index: draw.integer(2, T - 2)}) for _ in range(COUNT)]

    def at(value: int) -> Callable[[], list[Arguments]]:
        @cache
        def points() -> list[Arguments]:
            draw = Draw([2, value + 1])
            return [_extend(draw, {index: value}) for _ in range(FEW)]

        return points

    def _extend(draw: Draw, where: dict[str, int]) -> Arguments:
        made = _point(draw, images, **where)
        return made | (more(draw, made[images[0]].shape) if more else {})

    ends = {"at t = 0": at(0), "at t = T − 1": at(T - 1)}
    if index == "t_prev":
        ends = {"at t_prev = 0": at(0), "at t_prev = -1": at(-1)}

    def regime(arguments: Arguments) -> Tensor:
        where, last = torch.as_tensor(arguments[index]), len(arguments["alphas_cumprod"]) - 1
        if index == "t_prev":
            return torch.where(where > 0, 0, 1 - where)
        return torch.where(where == last, 2, torch.where(where == 0, 1, 0))

    label = "t" if index == "t" else "prev"
    return Sum(
        terms=terms or given_images(*images),
        quantities=levels,
        expected=expected,
        points={"": within, **ends},
        regime=regime,
        core=(f"ᾱ_{label}", f"1−ᾱ_{label}"),
        edges=EDGES,
        layouts=LAYOUTS,
        what=_what,
    )


def along_a_step(images: tuple[str, ...], expected: dict[str, Expression], eta: bool = False) -> Sum:
    """A function of a step from t to t_prev."""

    def points(seed: int, count: int, low: int, high: int, level: float | None = None):
        @cache
        def make() -> list[Arguments]:
            draw = Draw([3, seed])
            made = []
            for _ in range(count):
                prev = draw.integer(low, high)
                t = draw.integer(prev + 3, T - 2)
                more = {"eta": draw.number(0.2, 0.9) if level is None else level} if eta else {}
                made.append(_point(draw, images, t=t, t_prev=prev) | more)
            return made

        return make

    regimes = {
        "": points(1, COUNT, 1, T - 6),
        "at t_prev = -1": points(2, FEW, -1, -1),
        "at t_prev = 0": points(3, FEW, 0, 0),
    }
    if eta:
        regimes["at eta = 0"] = points(4, FEW, 1, T - 6, 0.0)

    def regime(arguments: Arguments) -> Tensor:
        prev = arguments["t_prev"]
        number = 1 if prev == -1 else 3 if eta and arguments.get("eta", 0.0) == 0 else 2 if prev == 0 else 0
        return torch.tensor(number)

    def quantities(arguments: Arguments, edge: str) -> Quantities:
        return levels({"eta": 0.0} | arguments if eta else arguments, edge)

    return Sum(
        terms=given_images(*images),
        quantities=quantities,
        expected=expected,
        points=regimes,
        regime=regime,
        core=("ᾱ_t", "ᾱ_prev", "1−ᾱ_t", "1−ᾱ_prev", "β", *(("η",) if eta else ())),
        edges=EDGES,
        what=_what,
    )


def _what(term: str) -> str:
    return f"weight of {term}" if term else "result"


def _blend_terms(arguments: Arguments) -> dict[str, Callable[[], Tensor]]:
    arguments = plain(arguments)
    mask = arguments["edit_mask"]
    return {
        f"{name} where the mask is {side}": partial(torch.mul, part, arguments[name])
        for name in ("x_prev", "x_orig", "noise")
        for side, part in ((1, mask), (0, 1 - mask))
    }


SIGMA = product(1.0, {"η": 1, "1−ᾱ_prev": HALF, "1−ᾱ_t": -HALF, "β": HALF})
_X0_SHARE = product(-1.0, {"ᾱ_prev": HALF, "1−ᾱ_t": HALF, "ᾱ_t": -HALF})
DIRECTION = Power((product(1.0, {"1−ᾱ_prev": 1}), -(SIGMA * SIGMA)), HALF)
VARIANCE = {"1−ᾱ_prev": 1, "1−ᾱ_t": -1, "β": 1}


def _weights(**powers: dict[str, float]) -> dict[str, Expression]:
    return {name: single(**exponents) for name, exponents in powers.items()}


FORMULAS: dict[str, Sum] = {
    "noising.add_noise": at_one_level(("x0", "noise"), _weights(x0={"ᾱ_t": 0.5}, noise={"1−ᾱ_t": 0.5})),
    "ddpm.predict_x0": at_one_level(
        ("x_t", "eps"),
        {"x_t": single(ᾱ_t=-0.5), "eps": single(-1.0, **{"1−ᾱ_t": 0.5, "ᾱ_t": -0.5})},
    ),
    "ddpm.posterior_variance": along_a_step((), {"": single(**VARIANCE)}),
    "ddpm.posterior_step": along_a_step(
        ("x_t", "x0", "noise"),
        {
            "x0": single(**{"ᾱ_prev": 0.5, "β": 1, "1−ᾱ_t": -1}),
            "x_t": single(**{"ᾱ_t": 0.5, "ᾱ_prev": -0.5, "1−ᾱ_prev": 1, "1−ᾱ_t": -1}),
            "noise": single(**{name: e / 2 for name, e in VARIANCE.items()}),
        },
    ),
    "ddim.ddim_sigma": along_a_step((), {"": of(SIGMA)}, eta=True),
    "ddim.ddim_step": along_a_step(
        ("x_t", "noise", "eps"),
        {
            "x_t": single(ᾱ_prev=0.5, ᾱ_t=-0.5),
            "eps": Expression((Power((_X0_SHARE,)), DIRECTION)),
            "noise": of(SIGMA),
        },
        eta=True,
    ),
    "distillation.sds_weight": replace(
        at_one_level((), {"": single(**{"1−ᾱ_t": 1})}),
        layouts={
            "sample": "",
            "mean": "With one timestep per sample, the weights are averaged over the batch.",
            "image": "The weight has the shape of an image's axes, (B, 1, 1, 1).",
        },
    ),
    "distillation.sds_residual": at_one_level(
        ("eps_pred", "noise"), {"eps_pred": single(**{"1−ᾱ_t": 1}), "noise": single(-1.0, **{"1−ᾱ_t": 1})}
    ),
    "distillation.vsd_residual": at_one_level(
        ("eps_pretrained", "eps_lora"),
        {"eps_pretrained": single(**{"1−ᾱ_t": 1}), "eps_lora": single(-1.0, **{"1−ᾱ_t": 1})},
    ),
    "editing.repaint_blend": at_one_level(
        ("x_prev", "x_orig", "noise"),
        {
            "x_prev where the mask is 1": single(),
            "x_orig where the mask is 0": single(ᾱ_prev=0.5),
            "noise where the mask is 0": single(**{"1−ᾱ_prev": 0.5}),
        },
        terms=_blend_terms,
        more=lambda draw, shape: {"edit_mask": draw.mask(*shape)},
        index="t_prev",
    ),
}
