"""A formula held against its function: at every point each side that is said to be the result, and what else is said."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from scipy import stats
from torch import Tensor

from .evaluation import BUILT_IN, Minimiser, Normal, evaluate
from .latex.tree import Chain, Node
from .points import Point
from .reading import Reading, Result
from .scope import Definition, Notation, Range, Scope
from .symbols import Symbols
from .symbols.matrices import Matrix

CLOSE = {torch.float64: 1e-9, torch.float32: 2e-6}  # of the largest value
NOTHING = 1e-12
IMPROBABLE = 1e-6  # a draw that is no draw of the distribution
FLAT = 1e-4  # a gradient where something is least, as a part of that elsewhere


@dataclass(frozen=True)
class Difference:
    """One side, at one point: what it says and what is."""

    node: Node
    point: Point
    got: Any
    expected: Any


def differences(reading: Reading, symbols: Symbols, points: list[Point], notation: Notation | None = None) -> list[Difference]:
    """Where a formula does not say what its function computes; the cases after "or" are cases, and all have to occur.

    Raises:
        NotKnown, NotUnderstood: a side that has no value.
    """
    found: list[Difference] = []
    met: set[int] = set()
    for point in points:
        scope = scope_at(reading, symbols, point, notation or {})
        wrong = {i: list(_wrong(result, reading, symbols, scope, point)) for i, result in enumerate(reading.results)}
        right = {i for i, one in wrong.items() if not one}
        met |= right
        if not right or not any(result.otherwise for result in reading.results):
            found += [one for differing in wrong.values() for one in differing]
        found += _claimed(reading, scope, point)
    if not found:  # a case that never occurs
        found += [
            Difference(result.sides[0], points[0], None, points[0].result)
            for i, result in enumerate(reading.results)
            if i not in met
        ]
    return found


def scope_at(reading: Reading, symbols: Symbols, point: Point, notation: Notation) -> Scope:
    table = BUILT_IN | symbols.means
    return Scope(table, point.arguments, evaluate, notation, reading.definitions)


def side_value(node: Node, reading: Reading, symbols: Symbols, scope: Scope) -> Any:
    """One side; where it holds for each value of an index, all of them. None where an index leaves its table."""
    ranges = {name: span for name, span in reading.ranges.items()}
    numbers = {name: Range(_whole(span.low, scope), _whole(span.high, scope)) for name, span in ranges.items()}
    for name, source in symbols.ranges.items():
        numbers.setdefault(name, source(scope.arguments))
    try:
        return _over(list(numbers.items()), node, scope)
    except IndexError:
        return None


def _over(ranges: list[tuple[str, Range]], node: Node, scope: Scope) -> Any:
    if not ranges:
        return evaluate(node, scope)
    (name, numbers), *rest = ranges
    low = evaluate_number(numbers.low)
    values = [_over(rest, node, scope.binding_all({name: low + i})) for i in range(numbers.high - numbers.low + 1)]
    return torch.stack([torch.as_tensor(value) for value in values])


def evaluate_number(value: float) -> Tensor:
    return torch.tensor(float(value), dtype=torch.float64)


def _whole(node: Node, scope: Scope) -> int:
    return round(float(evaluate(node, scope)))


def _wrong(result: Result, reading: Reading, symbols: Symbols, scope: Scope, point: Point) -> Iterator[Difference]:
    for side in result.sides:
        got = side_value(side, reading, symbols, scope)
        if not close(got, point.result):
            yield Difference(side, point, got, point.result)


def _claimed(reading: Reading, scope: Scope, point: Point) -> Iterator[Difference]:
    """What is said besides the result: equations, bounds, further sides of definitions."""
    named = {one.name: Definition(one.sides[0]) for one in reading.results if one.name}
    scope = replace(scope, definitions=named | dict(scope.definitions))
    for left, right in [*reading.again, *(pair for claim in reading.claims for pair in _equations(claim))]:
        got, expected = evaluate(right, scope), evaluate(left, scope)
        if not close(got, expected):
            yield Difference(right, point, got, expected)
    for claim in reading.claims:
        if not all(relation in ("=", "≈") for relation in claim.relations) and not bool(evaluate(claim, scope).all()):
            yield Difference(claim, point, False, True)


def _equations(claim: Chain) -> Iterator[tuple[Node, Node]]:
    if all(relation in ("=", "≈") for relation in claim.relations):
        yield from zip(claim.sides, claim.sides[1:])


def close(got: Any, expected: Any) -> bool:
    """Whether a side has the result's value, or is true of it."""
    if got is None:
        return False
    if isinstance(got, Minimiser):
        return _is_least(got, expected)
    if isinstance(got, Normal):
        numbers = (torch.as_tensor(expected, dtype=torch.float64) - got.mean) / got.variance**0.5
        return stats.kstest(numbers.flatten().numpy(), "norm").pvalue > IMPROBABLE
    if isinstance(got, Matrix):
        return close(got.tensor, expected)
    if isinstance(got, list):
        return _same_list(got, expected)
    return gap(got, expected) <= 1


def gap(got: Any, expected: Any) -> float:
    """The largest difference, in units of what is let pass."""
    got, expected = torch.as_tensor(got).detach(), torch.as_tensor(expected).detach()
    allowed = CLOSE.get(expected.dtype, CLOSE[torch.float64])
    got, expected = got.double(), expected.double()
    if got.shape != expected.shape:
        if got.numel() == expected.numel():
            got = got.reshape(expected.shape)
        else:
            try:
                got = got.expand_as(expected)
            except RuntimeError:
                return float("inf")
    if not bool(torch.isfinite(got).all()):
        return float("inf")
    most = float(expected.abs().max()) if expected.numel() else 0.0
    return float((got - expected).abs().max()) / (allowed * most + NOTHING)


def _same_list(got: list[Any], expected: Any) -> bool:
    if isinstance(expected, list):
        return len(got) == len(expected) and all(close(*pair) for pair in zip(got, expected))
    if got and all(isinstance(one, Tensor) and one.ndim for one in got):  # (f(z_1), …, f(z_L)): one for each layer
        return close(torch.stack(torch.broadcast_tensors(*got), dim=-2), expected)
    return False


def _is_least(least: Minimiser, at: Tensor) -> bool:
    """The gradient vanishes there, compared with the one at 0."""
    slopes = []
    for place in (at, torch.zeros_like(at)):
        leaf = place.detach().clone().requires_grad_()
        slopes.append(float(torch.autograd.grad(least.loss(leaf), leaf)[0].norm()))
    return slopes[0] <= FLAT * max(slopes[1], NOTHING)
