"""Known mistakes in other clothes: the catalogue's code rewritten by tool, so that it computes the same in another way.

| file        | rewrites                                                                                |
| ----------- | --------------------------------------------------------------------------------------- |
| ``order``   | the order of terms: b + a, (a + c) - b, a * (1 / b)                                     |
| ``fused``   | algebra as torch fuses it: addcmul, add with alpha, lerp, powers for roots              |
| ``inplace`` | work in place, on a clone                                                               |
| ``draws``   | how often noise is drawn: not where its weight is zero, or once more                    |
| ``frame``   | structure: other names, while for for, branches for conditional expressions; classes    |
| ``values``  | what goes in and out: another precision inside, a strided view instead of a new tensor  |
| ``same``    | whether a rewritten mistake still computes what it did                                  |
| ``drawn``   | which mistakes are graded in which clothes                                              |

A way rewrites every function of a module of the catalogue at once; an entry counts for it where something that it
reaches has changed and :mod:`same` cannot tell it from the original.
"""

import ast
import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ...paths import ROOT
from ..reach import Solution, Unit
from . import draws, frame, fused, inplace, order, values

CATALOGUE = Solution(ROOT / "grading" / "diagnosis" / "mistakes")
Rewrite = Callable[[ast.FunctionDef, bool], list[ast.stmt]]  # (a function, whether it is an entry) -> what replaces it

# Each with the helpers that the rewritten code calls.
WAYS: dict[str, tuple[Rewrite, str]] = {
    "precision": (values.in_another_precision, values.PRECISION),
    "order": (order.reordered, ""),
    "fused": (fused.fused, fused.HELPERS),
    "in place": (inplace.in_place, inplace.HELPERS),
    "draws": (draws.drawn_otherwise, ""),
    "structure": (frame.restructured, ""),
    "class": (frame.as_class, ""),
    "views": (values.as_views, values.VIEW),
}


@dataclass(frozen=True)
class Restyled:
    """A module of the catalogue, rewritten."""

    source: str
    changed: frozenset[str]  # the functions that are not what they were


@cache
def restyled(module: str, way: str) -> Restyled:
    return rewritten(CATALOGUE.sources[f"{module}.py"], way)


def applies(module: str, entry: str, way: str) -> bool:
    """Whether a way changes anything that a catalogued mistake runs."""
    return any(unit.name in restyled(module, way).changed for unit in _reached(module, entry))


@cache
def _reached(module: str, entry: str) -> tuple[Unit, ...]:
    return tuple(CATALOGUE.follow(Unit(f"{module}.py", entry)))


def rewritten(source: str, way: str) -> Restyled:
    """A module of mistakes in another style. Entries are no longer registered, and nothing is told."""
    rewrite, helpers = WAYS[way]
    changed: set[str] = set()
    body: list[ast.stmt] = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            body.append(node)
            continue
        entry = _unregister(node)
        if isinstance(node, ast.ClassDef):
            body.append(node)
            continue
        before = ast.dump(node)
        made = rewrite(copy.deepcopy(node), entry)
        if [before] != [ast.dump(one) for one in made]:
            changed.add(node.name)
        body += made
    first = next((i for i, node in enumerate(body) if not _stands_above(node)), len(body))
    body[first:first] = ast.parse(helpers).body
    return Restyled(ast.unparse(ast.fix_missing_locations(ast.Module(body, []))) + "\n", frozenset(changed))


def _unregister(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Take off ``@posterior_step("…")`` and the docstring; whether there was such a decorator."""
    registering = [one for one in node.decorator_list if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    node.decorator_list = [one for one in node.decorator_list if one not in registering]
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return bool(registering)


def _stands_above(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)
