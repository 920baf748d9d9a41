"""Formulas as people read them."""

import math
import re
from fractions import Fraction

from .expressions import HALF, Expression, Power, Product, product

_FRACTIONS = {1 / 2: "½", 1 / 3: "⅓", 1 / 4: "¼", 3 / 4: "¾", 1 / 8: "⅛"}
_ROOTS = {math.sqrt(2): "√2", 1 / math.sqrt(2): "1/√2", math.sqrt(3): "√3", math.pi: "π"}
_ORDER = {name: i for i, name in enumerate(("η", "ᾱ", "1−ᾱ", "β"))}


def text(expression: Expression) -> str:
    parts = [power_text(part) for part in expression.parts]
    return " + ".join(parts).replace("+ -", "− ").replace("-", "−") if parts else "0"


def number(value: float) -> str:
    sign, size = "−" if value < 0 else "", abs(value)
    for known, written in (_FRACTIONS | _ROOTS).items():
        if math.isclose(size, known, rel_tol=1e-9):
            return sign + written
    if math.isclose(size, round(size), rel_tol=1e-9):
        return f"{sign}{round(size)}"
    for below in range(3, 2000):
        if math.isclose(size * below, round(size * below), rel_tol=1e-9) and 0 < round(size * below) < 4:
            return f"{sign}{round(size * below)}/{below}"
    return f"{sign}{size:.6g}"


def product_text(p: Product) -> str:
    plain = math.isclose(abs(p.constant), 1, rel_tol=1e-9)
    squared = under_one_root(p)
    if squared is not None:
        inner = f"√({product_text(squared)})"
        return "-" * (p.constant < 0) + ("" if plain else f"{number(abs(p.constant))}·") + inner
    powers = in_reading_order(p)
    above = [_factor(name, e, len(p.powers) > 1 or not plain) for name, e in powers if e > 0]
    # Under a bar what is compound stands in brackets even where it is alone.
    below = [_factor(name, -e, True) for name, e in powers if e < 0]
    if not plain or not above:
        above.insert(0, number(abs(p.constant)))
    if (
        len(above) == 1
        and p.constant < 0
        and "−" in re.sub(r"\{.*?\}", "", above[0])
        and not above[0].startswith(("√", "("))
    ):
        above[0] = f"({above[0]})"
    fraction = "·".join(above)
    if below:
        fraction += "/" + (below[0] if len(below) == 1 else f"({'·'.join(below)})")
    return "-" * (p.constant < 0) + fraction


def in_reading_order(p: Product) -> list[tuple[str, Fraction]]:
    return sorted(p.powers, key=lambda power: _ORDER.get(power[0].split("_")[0], len(_ORDER)))


def under_one_root(p: Product) -> Product | None:
    """What stands under it, where a product but for its constant is one square root."""
    roots = len(p.powers) > 1 and all(abs(e) == HALF for _, e in p.powers) and any(e > 0 for _, e in p.powers)
    return product(1.0, {name: 2 * e for name, e in p.powers}) if roots else None


def is_compound(name: str) -> bool:
    """Whether a quantity's name is a sum or a fraction, which stands in brackets among others."""
    return any(sign in re.sub(r"\{.*?\}|\(.*?\)", "", name) for sign in "−+/ ")


def _factor(name: str, exponent: Fraction, among_others: bool) -> str:
    compound = is_compound(name)
    if exponent == HALF:
        return f"√({name})" if compound else f"√{name}"
    base = f"({name})" if compound and (among_others or exponent != 1) else name
    if exponent == 1:
        return base
    written = str(exponent) if exponent.denominator == 1 else f"({exponent})"
    return base + {"2": "²", "3": "³"}.get(written, f"^{written}")


def power_text(part: Power) -> str:
    inner = " + ".join(product_text(p) for p in part.products).replace("+ -", "− ")
    if part.exponent == 1:
        return inner
    if part.exponent == HALF:
        return f"√({inner})"
    return f"1/({inner})" if part.exponent == -1 else f"({inner})^({part.exponent})"
