"""A formula held against its function: at every point each side that is said to be the result, and what else is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from .closeness import close
from .evaluation import NO_VALUE, evaluate, not_computed
from .latex.tree import Chain, Node
from .points import Point
from .reading import Reading, Result
from .scope import BUILT_IN, Definition, Notation, Range, Scope, as_number
from .symbols import Symbols


@dataclass(frozen=True)
class Difference:
    """One side, at one point: what it says and what is."""

    node: Node
    point: Point
    got: Any
    expected: Any


def differences(
    reading: Reading, symbols: Symbols, points: list[Point], notation: Notation | None = None
) -> list[Difference]:
    """Where a formula does not say what its function computes.

    A formula with "or" has cases: at each point one of them has to hold, and each of them at one point.

    Raises:
        NotKnown, NotUnderstood: a side that has no value.
    """
    has_cases = any(result.otherwise for result in reading.results)
    found: list[Difference] = []
    unmet = list(reading.results)
    for point in points:
        scope = scope_at(reading, symbols, point, notation or {})
        wrong = [(result, list(_wrong(result, reading, symbols, scope, point))) for result in reading.results]
        holding = [result for result, differing in wrong if not differing]
        unmet = [result for result in unmet if result not in holding]
        if not (has_cases and holding):
            found += [one for _, differing in wrong for one in differing]
        found += _claimed(reading, scope, point)
    return found or [Difference(result.sides[0], points[0], None, points[0].result) for result in unmet]


def scope_at(reading: Reading, symbols: Symbols, point: Point, notation: Notation) -> Scope:
    """What a formula's symbols are at a point."""
    return Scope({**BUILT_IN, **symbols.means}, point.arguments, evaluate, notation, reading.definitions)


def side_value(node: Node, reading: Reading, symbols: Symbols, scope: Scope) -> Any:
    """One side; where it holds for each value of an index, all of them. None where an index leaves its table."""
    own = {name: Range(_whole(span.low, scope), _whole(span.high, scope)) for name, span in reading.ranges.items()}
    usual = {name: numbers(scope.arguments) for name, numbers in symbols.ranges.items() if name not in own}
    try:
        return _over([*own.items(), *usual.items()], node, scope)
    except IndexError:
        return None


def _over(ranges: list[tuple[str, Range]], node: Node, scope: Scope) -> Any:
    if not ranges:
        return evaluate(node, scope)
    (name, numbers), *rest = ranges
    values = [_over(rest, node, scope.binding({name: as_number(i)})) for i in numbers]
    return torch.stack([torch.as_tensor(value) for value in values]) if values else torch.empty(0)


def _whole(node: Node, scope: Scope) -> int:
    return round(float(evaluate(node, scope)))


def _wrong(result: Result, reading: Reading, symbols: Symbols, scope: Scope, point: Point) -> Iterator[Difference]:
    for side in result.sides:
        with _comparing(side):
            got = side_value(side, reading, symbols, scope)
            agrees = close(got, point.result)
        if not agrees:
            yield Difference(side, point, got, point.result)


def _claimed(reading: Reading, scope: Scope, point: Point) -> Iterator[Difference]:
    """What is said besides the result: equations, bounds, further sides of definitions."""
    named = {one.name: Definition(one.sides[0]) for one in reading.results if one.name}
    scope = replace(scope, definitions=named | dict(scope.definitions))
    equations = [pair for claim in reading.claims if _equates(claim) for pair in zip(claim.sides, claim.sides[1:])]
    for left, right in [*reading.again, *equations]:
        with _comparing(right):
            got, expected = evaluate(right, scope), evaluate(left, scope)
            agrees = close(got, expected)
        if not agrees:
            yield Difference(right, point, got, expected)
    for bound in (claim for claim in reading.claims if not _equates(claim)):
        with _comparing(bound):
            holds = bool(evaluate(bound, scope).all())
        if not holds:
            yield Difference(bound, point, False, True)


def _equates(claim: Chain) -> bool:
    return all(relation in ("=", "≈") for relation in claim.relations)


@contextmanager
def _comparing(node: Node) -> Iterator[None]:
    """A side that has a value, and of another kind than a result, is not understood."""
    try:
        yield
    except (*NO_VALUE, IndexError) as error:
        raise not_computed(node, error) from error
