"""Which two edits together may give the right results, foretold from what each gives alone.

In different terms of a sum two edits add up what they change; in factors of one product they multiply it; where each
mends other calls both are true. So of tens of thousands of pairs a few are worth a try.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .candidates import Edit

ELEMENTS = 400  # of all results, that pairs are foretold by
_NOTHING = 1e-9  # of the largest number: the edit changes nothing, or two edits change the same


@dataclass(frozen=True)
class Tried:
    """A single edit and what it gives on the failing calls, one after the other."""

    edit: Edit
    value: Tensor


def foretold(before: Tensor, right: Tensor, tried: list[Tried], most: int) -> list[tuple[Edit, Edit]]:
    """The pairs that come nearest to the right results, the nearest first."""
    tried = _distinct(before, tried)
    if len(tried) < 2:
        return []
    step = max(1, len(right) // ELEMENTS)
    start, goal, values = before[::step], right[::step], torch.stack([one.value[::step] for one in tried])
    scale = float(goal.abs().max()) or 1.0
    sums = _distances((values - start) / scale, (goal - start) / scale)
    logs = torch.log(values.abs().clamp(min=1e-12)) - torch.log(start.abs().clamp(min=1e-12))
    products = _distances(logs, torch.log(goal.abs().clamp(min=1e-12)) - torch.log(start.abs().clamp(min=1e-12)))
    found: dict[tuple[int, int], None] = {}
    for ranked in zip(_nearest(sums, most), _nearest(products, most)):
        found |= dict.fromkeys(ranked)
    return [(tried[i].edit, tried[j].edit) for i, j in list(found)[:most]]


def _distinct(before: Tensor, tried: list[Tried]) -> list[Tried]:
    """Those that change something, the likeliest of each that change the same."""
    kept: list[Tried] = []
    met: set[bytes] = set()
    scale = float(before.abs().max()) or 1.0
    for one in tried:
        moved = ((one.value - before) / scale).round(decimals=9)
        key = (moved + 0.0).numpy().tobytes()
        if bool(moved.abs().max() > _NOTHING) and key not in met:
            met.add(key)
            kept.append(one)
    return kept


def _distances(moved: Tensor, wanted: Tensor) -> Tensor:
    """How far the changes of the i-th and the j-th edit together are from the wanted one."""
    distances = torch.cdist(moved, wanted - moved)
    return distances.masked_fill(torch.eye(len(moved), dtype=torch.bool), torch.inf)


def _nearest(distances: Tensor, most: int) -> list[tuple[int, int]]:
    upper = distances.triu(1).masked_fill(torch.ones_like(distances, dtype=torch.bool).tril(), torch.inf)
    order = upper.flatten().argsort()[:most].tolist()
    return [divmod(index, len(distances)) for index in order]


def likeliest(count: int) -> Iterator[tuple[int, int]]:
    """Which two of so many, the likeliest first: those whose places in the order are the lowest together."""
    for together in range(1, 2 * count - 2):
        yield from ((i, together - i) for i in range(max(0, together - count + 1), (together + 1) // 2))
