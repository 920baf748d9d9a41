"""First edits that a second one may be looked for from: under them the function comes further.

What raises gives no numbers that a pair could be foretold from. But the edit that mends the first of two mistakes shows:
the exception comes later, or not at all, the result gets its shape, one check passes and another fails.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeVar

from .candidates import Edit
from .filters import MENDED, RAISED, Asked

Found = TypeVar("Found")
HEAD_START = 24  # tries from one first edit on, before the next one is gone on from as well


@dataclass(frozen=True)
class Step:
    """A single edit, how far the function comes under it, and how many of its lines are run, where that was asked."""

    edit: Edit
    came: Asked
    lines: int = 0


def further(before: Asked, lines: int, tried: Sequence[Step]) -> list[Step]:
    """Those under which it comes further, the likeliest first, and of those the furthest.

    Another exception after as many ``lines`` may be the next one of the same line.
    """
    ahead = [
        one for one in tried if one.came.far > before.far or (raises_another(one.came, before) and one.lines >= lines)
    ]
    return sorted(ahead, key=lambda one: (one.came.far < MENDED, one.edit.correction.tier, -one.came.far, -one.lines))


def raises_another(one: Asked, other: Asked) -> bool:
    return one.far == other.far == RAISED and one.told != other.told


def dovetailed(searches: Sequence[Callable[[], Iterator[Found]]]) -> Iterator[Found]:
    """What many searches find, in turns, each earlier one ahead of the next; a search is begun when it is its turn."""
    begun: dict[int, Iterator[Found]] = {}
    waiting = [(number * HEAD_START, number) for number in range(len(searches))]
    while waiting:
        turn, number = heappop(waiting)
        if number not in begun:
            begun[number] = searches[number]()
        for one in begun[number]:
            yield one
            heappush(waiting, (turn + 1, number))
            break
