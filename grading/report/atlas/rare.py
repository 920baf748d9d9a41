"""Two hand-ins with the same rare mistakes, and how alike their code is: a reason to look, and proof of nothing."""

import contextlib
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, islice
from statistics import median

from .groups import Group, Record

MOST_MEMBERS = 3  # of a mistake that is rare
SHOWN = 60  # pairs
COMPARED = 40  # of other pairs, for what is usual
_WORDS, _WINDOW = 8, 4  # characters of tokens that are compared at once, and how many are skipped: for a few lines
Alike = Callable[[str, str], float]


@dataclass(frozen=True)
class Pair:
    """Two who share mistakes that hardly anybody else makes."""

    keys: tuple[str, str]
    shared: tuple[Group, ...]
    alike: (
        float | None
    )  # the share of the tokens of the functions concerned that both have; None where that is not known
    usual: float | None  # the median of that, of others who fail in these functions


def pairs(
    found: Sequence[Group], records: dict[str, dict[str, Record]], handed_in: int, alike: Alike | None
) -> list[Pair]:
    """Those who share the most first, and of these the most alike.

    A mistake that the catalogue knows is made by many elsewhere: one of these alone is none that is rare.
    """
    most = min(MOST_MEMBERS, max(2, handed_in // 20))
    shared: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in found:
        if 2 <= len(group.members) <= most:
            for a, b in combinations(group.members, 2):
                shared[a, b].append(group)
    rare = [keys for keys, own in shared.items() if len(own) > 1 or not own[0].is_catalogued]
    ranked = sorted(rare, key=lambda keys: (-len(shared[keys]), keys))[:SHOWN]
    usual = {task: _usual(task, records, alike) for task in {one.task for keys in ranked for one in shared[keys]}}
    made = [_pair(keys, shared[keys], records, alike, usual) for keys in ranked]
    return sorted(made, key=lambda one: (-len(one.shared), -(one.alike or 0.0), one.keys))


def _pair(
    keys: tuple[str, str],
    shared: list[Group],
    records: dict[str, dict[str, Record]],
    alike: Alike | None,
    usual: dict[str, float | None],
) -> Pair:
    tasks = sorted({group.task for group in shared})
    codes = [[records[key][task]["code"] for key in keys] for task in tasks]
    own = [alike(*both) for both in codes if all(both)] if alike else []
    others = [value for task in tasks if (value := usual[task]) is not None]
    return Pair(keys, tuple(shared), median(own) if own else None, median(others) if others else None)


def _usual(task: str, records: dict[str, dict[str, Record]], alike: Alike | None) -> float | None:
    codes = [own[task]["code"] for own in records.values() if task in own and own[task]["code"]]
    if alike is None or len(codes) < 3:
        return None
    step = max(1, len(codes) * (len(codes) - 1) // 2 // COMPARED)
    return median(alike(a, b) for a, b in islice(combinations(codes, 2), 0, None, step))


def by_tokens() -> Alike | None:
    """How alike two texts are, from 0 to 1, whatever their names are; None where copydetect is not installed."""
    with contextlib.suppress(ImportError):
        from copydetect import CodeFingerprint, compare_files

        @cache
        def tokens(text: str) -> CodeFingerprint:
            return CodeFingerprint("code.py", _WORDS, _WINDOW, fp=io.StringIO(text))

        return lambda some, other: float(max(compare_files(tokens(some), tokens(other))[1]))
    return None
