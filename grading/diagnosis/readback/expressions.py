"""What a weight can be made of: products of powers of named quantities, roots of their sums, sums of those.

| math                        | code             | meaning                                                     |
| --------------------------- | ---------------- | ----------------------------------------------------------- |
| q_1, q_2 …                  | ``quantities``   | by name: "ᾱ_t", "1−ᾱ_t", "β", "η", "B" …, with their values |
| k · q_1^a · q_2^b …         | ``Product``      | a constant and exponents, which are multiples of ¼          |
| (P_1 + P_2 …)^c             | ``Power``        | such as √(1−ᾱ_prev − σ²)                                    |
| Σ_i (…)^c_i                 | ``Expression``   | a weight; without any part it is 0                          |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import isclose
from operator import add, mul

import torch
from torch import Tensor

HALF = Fraction(1, 2)
Quantities = Mapping[str, Tensor]


@dataclass(frozen=True)
class Product:
    constant: float = 1.0
    powers: tuple[tuple[str, Fraction], ...] = ()

    def value(self, quantities: Quantities) -> Tensor:
        factors = [quantities[name] ** float(exponent) for name, exponent in self.powers]
        return reduce(mul, factors, torch.tensor(self.constant, dtype=torch.float64))

    def __mul__(self, other: "Product") -> "Product":
        powers = dict(self.powers)
        for name, exponent in other.powers:
            powers[name] = powers.get(name, Fraction(0)) + exponent
        return product(self.constant * other.constant, powers)

    def __pow__(self, exponent: Fraction | int) -> "Product":
        return product(self.constant ** float(exponent), {name: e * exponent for name, e in self.powers})

    def __neg__(self) -> "Product":
        return Product(-self.constant, self.powers)

    @property
    def size(self) -> float:
        """How much there is to read: the simplest of several equal formulas is printed."""
        plain = isclose(abs(self.constant), 1)
        return sum(1 + abs(float(e)) for _, e in self.powers) + (0 if plain else 2) + 0.1 * (self.constant < 0)


def product(constant: float = 1.0, powers: Mapping[str, Fraction | int | float] | None = None) -> Product:
    kept = sorted((name, Fraction(e).limit_denominator(4)) for name, e in (powers or {}).items() if e)
    return Product(constant, tuple(kept))


@dataclass(frozen=True)
class Power:
    products: tuple[Product, ...]
    exponent: Fraction = Fraction(1)

    def value(self, quantities: Quantities, clamped: bool = False) -> Tensor:
        """``clamped``: a negative number under a root counts as 0, as ``clamp(min=0)`` makes it."""
        total = reduce(add, (p.value(quantities) for p in self.products))
        if clamped and self.exponent.denominator == 2:
            total = total.clamp(min=0)
        return total if self.exponent == 1 else total ** float(self.exponent)

    @property
    def size(self) -> float:
        return sum(p.size for p in self.products) + len(self.products) + (self.exponent != 1)


@dataclass(frozen=True)
class Expression:
    parts: tuple[Power, ...] = ()

    def value(self, quantities: Quantities, clamped: bool = False) -> Tensor:
        values = (part.value(quantities, clamped) for part in self.parts)
        return reduce(add, values, torch.tensor(0.0, dtype=torch.float64))

    @property
    def is_number(self) -> bool:
        """No quantity is in it."""
        return not any(product.powers for part in self.parts for product in part.products)

    @property
    def only(self) -> Product | None:
        """The product that this is, if it is no more than one."""
        plain = len(self.parts) == 1 and self.parts[0].exponent == 1 and len(self.parts[0].products) == 1
        return self.parts[0].products[0] if plain else None

    @property
    def size(self) -> float:
        return sum(part.size for part in self.parts)


ZERO = Expression()


def single(constant: float = 1.0, **powers: float) -> Expression:
    """An expression that is one product."""
    return of(product(constant, powers))


def of(*products: Product) -> Expression:
    """The sum of these products, the positive ones first."""
    return Expression(tuple(Power((p,)) for p in sorted(products, key=lambda p: (p.constant < 0, p.size))))
