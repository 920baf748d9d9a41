"""Two hand-ins with the same rare mistakes, and how alike their code is: a reason to look, and proof of nothing."""

import contextlib
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path
from statistics import median

from .groups import Group, Record

MOST_MEMBERS = 3  # of a mistake that is rare
SHOWN = 60  # pairs
COMPARED = 40  # of other pairs, for what is usual
_WORDS, _WINDOW = 8, 4  # tokens that have to agree in a row, and the guarantee, for functions of a few lines
Alike = Callable[[str, str], float]


@dataclass(frozen=True)
class Pair:
    """Two who share mistakes that hardly anybody else makes."""

    keys: tuple[str, str]
    shared: tuple[Group, ...]
    alike: float | None  # the share of the tokens of the functions concerned that both have; None where nobody can say
    usual: float | None  # the median of that, of others who fail in these functions


def pairs(
    found: Sequence[Group], records: dict[str, dict[str, Record]], handed_in: int, alike: Alike | None
) -> list[Pair]:
    """Those who share the most first. A mistake that is made in a small class by three may be everybody's."""
    most = min(MOST_MEMBERS, max(2, handed_in // 20))
    shared: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in found:
        if 2 <= len(group.members) <= most:
            for a, b in combinations(group.members, 2):
                shared[a, b].append(group)
    ranked = sorted(shared, key=lambda keys: (-len(shared[keys]), keys))[:SHOWN]
    usual = {task: _usual(task, records, alike) for task in {g.task for keys in ranked for g in shared[keys]}}
    return [_pair(keys, shared[keys], records, alike, usual) for keys in ranked]


def _pair(
    keys: tuple[str, str],
    shared: list[Group],
    records: dict[str, dict[str, Record]],
    alike: Alike | None,
    usual: dict[str, float | None],
) -> Pair:
    a, b = keys
    tasks = sorted({group.task for group in shared})
    own = [alike(records[a][task]["code"], records[b][task]["code"]) for task in tasks] if alike else []
    others = [value for task in tasks if (value := usual[task]) is not None]
    return Pair(keys, tuple(shared), median(own) if own else None, median(others) if others else None)


def _usual(task: str, records: dict[str, dict[str, Record]], alike: Alike | None) -> float | None:
    codes = [functions[task]["code"] for functions in records.values() if task in functions]
    if alike is None or len(codes) < 3:
        return None
    step = max(1, len(codes) * (len(codes) - 1) // 2 // COMPARED)
    return median(alike(a, b) for a, b in islice(combinations(codes, 2), 0, None, step))


def by_tokens() -> Alike | None:
    """How alike two texts are, from 0 to 1, whatever their names are; None where copydetect is not installed."""
    with contextlib.suppress(ImportError):
        from copydetect import CodeFingerprint, compare_files

        def alike(some: str, other: str) -> float:
            with tempfile.TemporaryDirectory() as folder:
                prints = []
                for number, text in enumerate((some, other)):
                    path = Path(folder, f"{number}.py")
                    path.write_text(text, encoding="utf-8")
                    prints.append(CodeFingerprint(str(path), _WORDS, _WINDOW))
                _, shares, _ = compare_files(*prints)
            return max(shares)

        return alike
    return None
