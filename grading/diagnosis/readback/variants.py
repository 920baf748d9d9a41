"""A function as a few choices: of each, what is right, and what people write instead.

    result = compute(arguments, choices)        such as  u = i/T or i/(T+1), cos² or cos, a bound or none

A variant is the function with one or two choices made wrongly. Every one is tried, the simplest first, on the answers.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...sandbox.crossing.values import fresh
from ...verdicts import Finding
from .evidence import Answer, Arguments, as_tensor, doubled, explains

_NEAR = 1e-3  # relative: no variant that is farther from an answer than that gives it
_NOTHING = 1e-10  # what rounding leaves of a loss that is to be 0
MOST_WRONG = 2


@dataclass(frozen=True)
class Choice:
    expected: str  # what is right, in words
    right: Any
    wrong: Mapping[str, Any]  # by what is said of it to whoever wrote it


@dataclass(frozen=True)
class Family:
    compute: Callable[[Arguments, Mapping[str, Any]], Any]
    choices: Mapping[str, Choice]


@dataclass(frozen=True)
class Variant:
    family: Family
    said: Mapping[str, str]  # by choice, of those that are wrong

    def predict(self, arguments: Arguments) -> Any:
        made = {
            name: choice.wrong[self.said[name]] if name in self.said else choice.right
            for name, choice in self.family.choices.items()
        }
        with torch.no_grad():
            return self.family.compute(arguments, made)

    def findings(self) -> list[Finding]:
        return [
            Finding(f"Here {said}.", f"{said}; expected {self.family.choices[name].expected}")
            for name, said in self.said.items()
        ]


def variants(family: Family, seen: list[Answer], out_of_time: Callable[[], bool]) -> Iterator[Variant]:
    """The first that gives all answers, of those with the fewest wrong choices: what else does is the same in other words."""
    telling = sorted((one for one in seen if not one.error), key=lambda one: _size(one.value))
    for count in range(1, MOST_WRONG + 1):
        for names in itertools.combinations(family.choices, count):
            for said in itertools.product(*(family.choices[name].wrong for name in names)):
                variant = Variant(family, dict(zip(names, said)))
                if out_of_time():
                    return
                if all(_near(variant, one) for one in telling) and explains(variant.predict, seen):
                    yield variant
                    return


def _size(value: Any) -> int:
    return value.numel() if isinstance(value, Tensor) else 0


def _near(variant: Variant, answer: Answer) -> bool:
    try:
        made = variant.predict({name: fresh(doubled(value)) for name, value in answer.arguments.items()})
    except Exception:  # a wrong choice may not fit together with another
        return False
    came = as_tensor(answer.value)
    if not isinstance(made, Tensor) or came is None:
        return made == answer.value
    if made.shape != came.shape or not torch.equal(made.isfinite(), came.isfinite()):
        return False
    made, came = made.nan_to_num(0, 0, 0), came.double().nan_to_num(0, 0, 0)
    return bool(((made - came).abs() <= _NEAR * came.abs().max() + _NOTHING).all()) if made.numel() else True
