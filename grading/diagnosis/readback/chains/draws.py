"""Which draw of noise goes where: fresh at every step, one for all, or something else in a draw's place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ....sandbox.crossing.probes import noise_per_sample
from ....verdicts import Finding
from ..evidence import Arguments
from .visits import Place

Rule = tuple[int, int, int]  # draw number a·k + b·S + c at step k of S
FRESH: Rule = (1, 0, 0)
_ORDERS: tuple[Rule, ...] = (
    FRESH,
    (1, 0, 1),  # one was drawn before
    (1, 0, -1),  # the first needs none
    (2, 0, 0),  # two draws in every step
    (2, 0, 1),
    (1, 1, 0),  # all drawn ahead
    (1, 1, -1),
    (-1, 1, -1),  # drawn ahead and taken from the end
    (0, 0, 0),
    (0, 0, 1),
)


@dataclass(frozen=True)
class Source:
    """What stands in the place of the noise of a step, or of a blend."""

    kind: str = (
        "draw"  # or one of STAND_INS, "start", "start first", "none", "first sample"; "unused": the step takes none
    )
    rule: Rule = FRESH
    silent: str = "last"  # where there is none: "last", "towards 0", "" for nowhere
    start: str = ""  # the argument, where that is the noise

    def tensor(self, place: Place, given: Arguments, draws: "Draws") -> Tensor:
        none = torch.zeros_like(given["x_t"])
        if self.kind == "unused":
            return noise_per_sample(none, 3.0)  # of which nothing is to be found in the result
        if self.kind == "none" or self.quiet(place):
            return none
        if self.kind in STAND_INS:
            return given[self.kind]
        if self.kind == "start" or (self.kind == "start first" and place.k == 0):
            return given[self.start]
        draw = draws[self.number(place)]
        return (draw[:1] if self.kind == "first sample" else draw).expand_as(none)

    def number(self, place: Place) -> int:
        a, b, c = self.rule
        return a * place.k + b * place.S + c

    def quiet(self, place: Place) -> bool:
        silent = {"last": place.t_prev < 0, "towards 0": place.t_prev <= 0, "first": place.t_prev < 0 or place.k == 0}
        return silent.get(self.silent, False)

    def findings(self, where: str) -> list[Finding]:
        found: list[Finding] = []
        if self.kind in _WORDS:
            found.append(Finding(_WORDS[self.kind][0].format(where), f"{_WORDS[self.kind][1]} ({where})"))
        elif self.rule[0] == 0 and self.rule[1] == 0:
            said = f"The noise of the {where}s is drawn once and used in every one. Each needs a fresh draw."
            found.append(Finding(said, f"one draw for all ({where})"))
        if self.silent == "towards 0" and self.kind != "none":
            said = f"The {where} that leads to timestep 0 gets no noise. Only the one to the clean image needs none."
            found.append(Finding(said, f"no noise towards timestep 0 ({where})"))
        if self.silent == "first" and self.kind != "none":
            found.append(Finding(f"The first {where} gets no noise.", f"no noise at first ({where})"))
        return found


STAND_INS = ("eps", "x_t", "x0")  # what a step has at hand
_WORDS = {
    "x_t": (
        "The noisy image x_t stands in the place of the {}'s fresh noise. Noise is to come from noise_fn.",
        "x_t for the fresh noise",
    ),
    "x0": (
        "The estimate of the clean image stands in the place of the {}'s fresh noise. Noise is to come from noise_fn.",
        "x0 for the fresh noise",
    ),
    "eps": (
        "The network's estimate eps stands in the place of the {}'s fresh noise. Noise is to come from noise_fn.",
        "eps for the fresh noise",
    ),
    "start": (
        "The noise that the chain starts with is used again in every {}. Each needs a fresh draw.",
        "the starting noise for the fresh noise",
    ),
    "start first": (
        "In the first {} the noise that the chain starts with is used again. It needs a fresh draw as well.",
        "the starting noise for the first fresh noise",
    ),
    "none": ("No noise is added in any {}. A fresh draw belongs into every one but the last.", "no noise at all"),
    "first sample": (
        "All samples of the batch get the same noise in a {}. Each is to have its own.",
        "one noise for the whole batch",
    ),
}


@dataclass
class Draws:
    """The draws of one call, made when they are asked for, in the order of the source."""

    source: Callable[[Tensor], Tensor]
    image: Tensor
    made: list[Tensor] = field(default_factory=list)

    def __getitem__(self, number: int) -> Tensor:
        if number < 0:
            raise IndexError("a draw before the first")
        while len(self.made) <= number:
            self.made.append(self.source(self.image))
        return self.made[number]


def rules(used: Iterable[tuple[int, int, int]]) -> list[Rule]:
    """The orders that give these draws, as (k, S, number): the usual ones, or one that is solved for."""
    seen = list(used)
    fitting = [(a, b, c) for a, b, c in _ORDERS if all(a * k + b * S + c == number for k, S, number in seen)]
    return fitting[:1] or _solved(seen)


def _solved(seen: list[tuple[int, int, int]]) -> list[Rule]:
    rows = torch.tensor([(k, S, 1) for k, S, _ in seen], dtype=torch.float64)
    numbers = torch.tensor([number for *_, number in seen], dtype=torch.float64)
    if len(seen) < 3:
        return []
    a, b, c = (round(float(x)) for x in torch.linalg.lstsq(rows, numbers[:, None], driver="gelsd").solution[:, 0])
    return [(a, b, c)] if all(a * k + b * S + c == number for k, S, number in seen) else []
