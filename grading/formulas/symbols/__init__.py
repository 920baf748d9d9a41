"""What the symbols of each function's formula are: arguments, or derived of them. One file per module, as in every room.

A table maps a symbol, in LaTeX or as the docstrings write it, to an argument's name, to LaTeX in the same table's symbols,
or to a function of the arguments. A symbol with indices is a ``Family``; an index over which a sum runs is a ``Range``.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..points import Point
from ..scope import Range, Source, canonical, table


@dataclass(frozen=True)
class Symbols:
    means: Mapping[str, Source]
    result: tuple[str, ...]  # what formulas call the function's result
    points: Callable[[int], Iterator[Point]]
    ranges: Mapping[str, Callable[[Mapping[str, Any]], Range]] = field(default_factory=dict)  # of the result's indices


@cache
def symbols_of(name: str) -> Symbols | None:
    """The symbols of a function, "ddpm.posterior_step" or "networks.quality.frechet_distance"; None where it has none."""
    module, _, function = name.rpartition(".")
    try:
        tables = importlib.import_module(f"{__name__}.{module.split('.')[0]}").SYMBOLS
    except ModuleNotFoundError:
        return None
    return tables.get(function)


def symbols(
    means: Mapping[str, Source],
    result: tuple[str, ...],
    points: Callable[[int], Iterator[Point]],
    ranges: Mapping[str, Callable[[Mapping[str, Any]], Range]] | None = None,
) -> Symbols:
    """With every symbol under its one spelling."""
    return Symbols(table(means), tuple(canonical(one) for one in result), points, ranges or {})
