"""What is left of the signal after each step, and which steps a shortened chain visits.

ᾱ = Π (1 − β),   timesteps = i · ⌊T/S⌋, the largest first
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, arange, cat

from ..evidence import Arguments, bare
from ..variants import Choice, Family


def _cumulative(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    return choices["shift"](choices["made"](choices["accumulated"](choices["kept"](bare(a["betas"])))))


def _ones(x: Tensor) -> Tensor:
    return x.new_ones(1)


_CUMULATIVE = Family(
    _cumulative,
    {
        "kept": Choice(
            "1 − β",
            lambda b: 1 - b,
            {
                "the product runs over β, not over what is left, 1 − β": lambda b: b,
                "1 + β stands in the place of 1 − β": lambda b: 1 + b,
                "β − 1 stands in the place of 1 − β": lambda b: b - 1,
                "1 − β² stands in the place of 1 − β": lambda b: 1 - b.square(),
                "1 − √β stands in the place of 1 − β": lambda b: 1 - b.sqrt(),
                "1 − 2β stands in the place of 1 − β": lambda b: 1 - 2 * b,
                "1 − β/2 stands in the place of 1 − β": lambda b: 1 - b / 2,
                "1/(1 + β) stands in the place of 1 − β": lambda b: 1 / (1 + b),
                "exp(−β) stands in the place of 1 − β": lambda b: (-b).exp(),
                "the betas are reversed": lambda b: 1 - b.flip(0),
            },
        ),
        "accumulated": Choice(
            "the running product",
            lambda x: x.cumprod(0),
            {
                "the running sum stands in the place of the running product": lambda x: x.cumsum(0),
                "nothing is accumulated: these are the values of single steps": lambda x: x,
                "only the product of all steps comes back": lambda x: x.prod(),
                "every entry is the product of all steps": lambda x: x.prod().expand_as(x),
                "the running product begins at the last step": lambda x: x.flip(0).cumprod(0).flip(0),
                "the running mean stands in the place of the running product": lambda x: (
                    x.cumsum(0) / arange(1, len(x) + 1)
                ),
                "the smallest value so far stands in the place of the running product": lambda x: x.cummin(0).values,
                "1 − the running sum of β stands in the place of the running product": lambda x: 1 - (1 - x).cumsum(0),
            },
        ),
        "made": Choice(
            "ᾱ itself",
            lambda x: x,
            {
                "the root of ᾱ comes back": lambda x: x.sqrt(),
                "the square of ᾱ comes back": lambda x: x.square(),
                "1 − the product comes back": lambda x: 1 - x,
                "√(1 − ᾱ) comes back": lambda x: (1 - x).sqrt(),
                "the logarithm of ᾱ comes back": lambda x: x.log(),
                "1/ᾱ comes back": lambda x: 1 / x,
            },
        ),
        "shift": Choice(
            "one entry for each step, index 0 one step of noise",
            lambda x: x,
            {
                "the table is shifted by one: 1 stands in front and the last entry is missing": lambda x: cat(
                    [_ones(x), x[:-1]]
                ),
                "1 stands in front: one entry too many": lambda x: cat([_ones(x), x]),
                "0 stands in front: one entry too many": lambda x: cat([0 * _ones(x), x]),
                "the first entry is missing": lambda x: x[1:],
                "the last entry is missing": lambda x: x[:-1],
                "the table is shifted by one: the first entry is missing and the last one stands twice": lambda x: cat(
                    [x[1:], x[-1:]]
                ),
                "the table is divided by its first entry": lambda x: x / x[0],
                "the table is reversed": lambda x: x.flip(0),
            },
        ),
    },
)


def _strided(a: Arguments, choices: Mapping[str, Any]) -> list[int]:
    T, S = a["num_train_steps"], a["num_inference_steps"]
    return choices["order"](choices["range"](choices["stride"](T, S), T, choices["count"](S)))


def _multiples(step: Callable[[int], int], T: int, count: int) -> list[int]:
    return [step(i) for i in range(count)]


_STRIDED = Family(
    _strided,
    {
        "stride": Choice(
            "⌊T / S⌋",
            lambda T, S: lambda i: i * (T // S),
            {
                "i · T / S is cut off after the product, so that the strides differ": lambda T, S: lambda i: i * T // S,
                "i · T / S is rounded, so that the strides differ": lambda T, S: lambda i: round(i * T / S),
                "the timesteps are spread evenly from 0 to T − 1, rounded": lambda T, S: (
                    lambda i: round(i * (T - 1) / max(S - 1, 1))
                ),
                "the timesteps are spread evenly from 0 to T − 1, cut off": lambda T, S: (
                    lambda i: int(i * (T - 1) / max(S - 1, 1))
                ),
                "the timesteps are spread evenly from 0 to T, cut off": lambda T, S: (
                    lambda i: int(i * T / max(S - 1, 1))
                ),
                "the stride is T / S, rounded": lambda T, S: lambda i: i * round(T / S),
                "the stride is T / S, rounded up": lambda T, S: lambda i: i * math.ceil(T / S),
                "the stride is one too large": lambda T, S: lambda i: i * (T // S + 1),
                "the stride is one too small": lambda T, S: lambda i: i * (T // S - 1),
                "the stride is ⌊(T − 1) / S⌋": lambda T, S: lambda i: i * ((T - 1) // S),
                "the stride is ⌊T / (S + 1)⌋": lambda T, S: lambda i: i * (T // (S + 1)),
                "the stride is ⌊T / (S − 1)⌋": lambda T, S: lambda i: i * (T // max(S - 1, 1)),
                "the stride is the number of steps, S": lambda T, S: lambda i: i * S,
                "the stride is 1": lambda T, S: lambda i: i,
                "the stride is S / T, cut off": lambda T, S: lambda i: i * (S // T),
                "the timesteps follow a square": lambda T, S: lambda i: int((i / max(S - 1, 1)) ** 2 * (T - 1)),
            },
        ),
        "count": Choice(
            "S timesteps",
            lambda S: S,
            {
                "there is one timestep too many": lambda S: S + 1,
                "there is one timestep too few": lambda S: S - 1,
                "the list is empty": lambda S: 0,
            },
        ),
        "range": Choice(
            "multiples of the stride from 0 on",
            _multiples,
            {
                "every multiple of the stride below T is taken, which may be more than S": lambda step, T, count: list(
                    range(0, T, step(1))
                ),
                "the timesteps begin at 1, and every one below T is taken, which may be more than S or fewer": (
                    lambda step, T, count: list(range(1, T, step(1)))
                ),
                "of all multiples of the stride below T the S largest are taken, so that the surplus is cut off at 0": (
                    lambda step, T, count: list(range(0, T, step(1)))[-count:] if count else []
                ),
                "every multiple of the stride up to T is taken": lambda step, T, count: list(range(0, T + 1, step(1))),
                "the timesteps are counted down from T − 1": lambda step, T, count: [
                    T - 1 - step(i) for i in range(count)
                ][::-1],
                "the timesteps are counted down from T": lambda step, T, count: [T - step(i) for i in range(count)][
                    ::-1
                ],
                "every step down from T − 1 to 0 is taken": lambda step, T, count: list(range(T - 1, -1, -step(1)))[
                    ::-1
                ],
                "0 is missing: the timesteps begin at the stride": lambda step, T, count: [
                    step(i + 1) for i in range(count)
                ],
                "0 is missing": lambda step, T, count: [step(i) for i in range(1, count)],
                "every timestep is one too high": lambda step, T, count: [step(i) + 1 for i in range(count)],
                "every timestep is one too low": lambda step, T, count: [step(i) - 1 for i in range(count)],
                "the timesteps lie one below the next multiple": lambda step, T, count: [
                    step(i + 1) - 1 for i in range(count)
                ],
                "−1 stands at the end": lambda step, T, count: [-1, *(step(i) for i in range(count))],
                "T − 1 stands in front": lambda step, T, count: [*(step(i) for i in range(count)), T - 1],
                "T stands in front": lambda step, T, count: [*(step(i) for i in range(count)), T],
                "0 stands twice": lambda step, T, count: [0, *(step(i) for i in range(count))],
                "the largest timestep is replaced by T − 1": lambda step, T, count: [
                    *(step(i) for i in range(count - 1)),
                    T - 1,
                ],
            },
        ),
        "order": Choice(
            "the largest first",
            lambda steps: steps[::-1],
            {"the timesteps go up: the smallest comes first": lambda steps: steps},
        ),
    },
)

TABLES: dict[str, Family] = {
    "noising.cumulative_alphas": _CUMULATIVE,
    "noising.strided_timesteps": _STRIDED,
}
