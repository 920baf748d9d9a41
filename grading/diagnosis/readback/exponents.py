"""From numbers to a formula: identify a weight, known at many points, as an expression in the quantities there.

A product k · Π q_j^e_j is linear in its logarithm, so that least squares gives all exponents at once:

    log |c_n| = log |k| + Σ_j e_j log |q_jn|        n: points, j: quantities

The points are chosen so that the logarithms are independent of each other (every point has a schedule of its own).
Exponents are rounded to quarters (a root of a root), and the product is accepted only if it then gives every c_n. An
index that a student
mistook is no special case: the quantities at t−1, t+1, 0 and T−1 are among the q_j, and a mistake moves an exponent.

Sums have no logarithm. Of two terms one is guessed (a dictionary of small products) and taken off, then the remainder is
a product or none of it is accepted. The same is tried for c² (a root of a sum) and 1/c, and after taking off a term
that is known from another weight, such as x̂_0's share in DDIM's weight of eps.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property

import torch
from torch import Tensor

from .expressions import HALF, ZERO, Expression, Power, Product, Quantities, of, product

EXACT = 1e-9  # relative; both sides come from a few operations in float64
_ROUND = 1e-5  # exponents: what cancellation leaves of float64's accuracy
_LARGEST = 6  # exponents beyond are no formula
_NICE = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64, 100, 255, 256, 1000, math.sqrt(2), math.sqrt(3), math.pi)


class Points:
    """The quantities at the points where a weight is known, without those that say nothing of their own."""

    def __init__(self, quantities: Quantities, core: Sequence[str] = ()) -> None:
        self.count = max((len(values) for values in quantities.values()), default=0)
        self.all = dict(quantities.items())
        self.quantities = _independent(self.all)
        self.names = list(self.quantities)
        columns = [torch.ones(self.count, dtype=torch.float64)]
        columns += [values.abs().log() for values in self.quantities.values()]
        self.solve = torch.linalg.pinv(torch.stack(columns, 1))
        self.core = core
        self.guesses = list(_small_products([name for name in core if name in self.quantities]))

    @cached_property
    def taken(self) -> Tensor:
        """The guesses' values, (guesses, points)."""
        return self._values_of(self.guesses)

    def _values_of(self, products: Sequence[Product]) -> Tensor:
        values = [p.value(self.all).expand(self.count) for p in products]
        return torch.stack(values) if values else torch.empty(0, self.count, dtype=torch.float64)

    def at(self, chosen: Tensor) -> "Points":
        """Some of the points."""
        if bool(chosen.all()):
            return self
        return Points({name: values[chosen] for name, values in self.all.items()}, self.core)

    def exponents(self, values: Tensor) -> Tensor:
        """The least-squares exponents of each row of values (…, points), not rounded."""
        return (values.abs().log() @ self.solve.T)[..., 1:]

    def identify(self, values: Tensor) -> Product | None:
        """The product that gives these values (points,), if there is one."""
        found = self._identify_rows(values[None], values.abs()[None])
        return found[0][1] if found else None

    def _identify_rows(self, rows: Tensor, scale: Tensor) -> list[tuple[int, Product]]:
        """(row, product) for the rows that are products, to within EXACT of ``scale``."""
        usable = torch.isfinite(rows).all(1) & (rows.abs() > 1e-7 * scale).all(1)
        index = usable.nonzero().flatten()
        if not len(index):
            return []
        raw = self.exponents(rows[index])
        quarters = (4 * raw).round() / 4
        close = ((raw - quarters).abs() < _ROUND).all(1) & (quarters.abs() <= _LARGEST).all(1)
        found = []
        for row, exponents in zip(index[close].tolist(), quarters[close].tolist()):
            powers = {name: e for name, e in zip(self.names, exponents) if e}
            bare = product(1.0, powers).value(self.quantities)
            ratio = rows[row] / bare
            constant = nice(float(ratio.median()))
            if bool(((constant * bare - rows[row]).abs() <= EXACT * scale[row]).all()):
                found.append((row, product(constant, powers)))
        return found

    def sum_of_two(self, values: Tensor, known: Sequence[Product] = ()) -> tuple[Product, Product] | None:
        """Two products that together give these values; the simplest such pair."""
        guesses = [*known, *self.guesses]
        if not guesses:
            return None
        taken = torch.cat([self._values_of(known), self.taken])
        rest = values - taken
        scale = torch.maximum(values.abs(), taken.abs())
        found = ((guesses[row], other) for row, other in self._identify_rows(rest, scale))
        pairs = [(one, other) for one, other in found if one.powers != other.powers]  # else it is one product
        return min(pairs, key=lambda pair: pair[0].size + pair[1].size, default=None)


def weight(
    values: Tensor, points: Points, known: Sequence[Product] = (), shares: Sequence[Product] = ()
) -> Expression | None:
    """The expression that a weight is, if it is one.

    ``known`` are products that may be one term of it; ``shares`` are taken off first where nothing simpler fits.
    """
    if not bool(torch.isfinite(values).all()):
        return None
    if float(values.abs().max()) < 1e-13:
        return ZERO
    found = points.identify(values)
    if found is not None:
        return of(found)
    plain = points.sum_of_two(values, known)
    if plain is not None:
        return of(*plain)
    powered = _power_of_sum(values, points, known)
    if powered is not None:
        return Expression((powered,))
    for share in shares:
        rest = values - share.value(points.all)
        powered = _power_of_sum(rest, points, known, (HALF,))
        if powered is not None:
            return Expression((Power((share,)), powered))
        pair = points.sum_of_two(rest, known)
        if pair is not None:
            return Expression((Power((share,)), Power((pair[0],)), Power((pair[1],))))
    return None


def _power_of_sum(
    values: Tensor, points: Points, known: Sequence[Product], exponents: Sequence[Fraction] = (HALF, Fraction(-1))
) -> Power | None:
    """(P + Q)^e; where a root was clamped at 0, it is read from the other points."""
    positive = values > 1e-12 * values.abs().max()
    for exponent in exponents:
        if exponent == -1 and not bool((values == 0).any()):
            pair = points.sum_of_two(1 / values, known)
        elif (
            exponent == HALF
            and bool((positive | (values.abs() < 1e-12)).all())
            and 3 * int(positive.sum()) > 2 * len(values)
        ):
            pair = points.at(positive).sum_of_two(values[positive] ** 2, known)
        else:
            continue
        if pair is not None:
            return Power(tuple(sorted(pair, key=lambda p: (p.constant < 0, p.size))), exponent)
    return None


def _independent(quantities: Quantities) -> dict[str, Tensor]:
    """Drop what is constant over the points, or a product of what comes before."""
    kept: dict[str, Tensor] = {}
    directions: list[Tensor] = []
    for name, values in quantities.items():
        logs = values.abs().log()
        if not bool(torch.isfinite(logs).all()) or len(directions) > len(logs) // 2:
            continue
        rest = logs - logs.mean()
        size = rest.norm()
        for direction in directions:
            rest = rest - (rest @ direction) * direction
        if size > 1e-9 and rest.norm() > 1e-4 * size:
            kept[name] = values
            directions.append(rest / rest.norm())
    return kept


def _small_products(core: Iterable[str]) -> Iterable[Product]:
    """± products of up to two of the core quantities, exponents between -1 and 1 in halves, without constant."""
    names = list(core)
    for count in range(min(2, len(names)) + 1):
        for chosen in itertools.combinations(names, count):
            for exponents in itertools.product((-1, -0.5, 0.5, 1), repeat=count):
                made = product(1.0, dict(zip(chosen, exponents)))
                yield made
                yield -made


def nice(constant: float) -> float:
    """A constant that people write, where the number is one up to rounding."""
    size = abs(constant)
    for first in _NICE:
        for second in _NICE[:8]:
            for candidate in (first / second, second / first, first * second):
                if math.isclose(size, candidate, rel_tol=1e-11):
                    return math.copysign(candidate, constant)
    return constant
