"""Formulas as people read them, and what tells one from another in words.

A difference has two wordings. Staff read both formulas and the difference by name. Students read their own formula and
what is the matter with it; what belongs there instead is theirs to find.
"""

import math
import re
from collections.abc import Iterator
from fractions import Fraction

from ...verdicts import Finding
from .expressions import HALF, Expression, Power, Product, product

_FRACTIONS = {1 / 2: "½", 1 / 3: "⅓", 1 / 4: "¼", 3 / 4: "¾", 1 / 8: "⅛"}
_ROOTS = {math.sqrt(2): "√2", 1 / math.sqrt(2): "1/√2", math.sqrt(3): "√3", math.pi: "π"}
_ORDER = {name: i for i, name in enumerate(("η", "ᾱ", "1−ᾱ", "β"))}


def text(expression: Expression) -> str:
    parts = [_power(part) for part in expression.parts]
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
    if len(p.powers) > 1 and all(abs(e) == HALF for _, e in p.powers) and any(e > 0 for _, e in p.powers):
        inner = f"√({product_text(product(1.0, {name: 2 * e for name, e in p.powers}))})"
        return "-" * (p.constant < 0) + ("" if plain else f"{number(abs(p.constant))}·") + inner
    powers = sorted(p.powers, key=lambda power: _ORDER.get(power[0].split("_")[0], len(_ORDER)))
    above = [_factor(name, e, len(p.powers) > 1) for name, e in powers if e > 0]
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


def _factor(name: str, exponent: Fraction, among_others: bool) -> str:
    compound = any(sign in re.sub(r"\{.*?\}|\(.*?\)", "", name) for sign in "−+/ ")
    if exponent == HALF:
        return f"√({name})" if compound else f"√{name}"
    base = f"({name})" if compound and (among_others or exponent != 1) else name
    if exponent == 1:
        return base
    written = str(exponent) if exponent.denominator == 1 else f"({exponent})"
    return base + {"2": "²", "3": "³"}.get(written, f"^{written}")


def _power(part: Power) -> str:
    inner = " + ".join(product_text(p) for p in part.products).replace("+ -", "− ")
    if part.exponent == 1:
        return inner
    if part.exponent == HALF:
        return f"√({inner})"
    return f"1/({inner})" if part.exponent == -1 else f"({inner})^({part.exponent})"


# What tells them apart


def differences(what: str, read: Expression, expected: Expression) -> list[Finding]:
    """What is wrong with the weight of ``what``."""
    if read == expected:
        return []
    both = f"your {what} is {text(read)}; expected {text(expected)}"
    named = list(_named(read, expected))
    student = "; ".join(hint for hint, _ in named)
    staff = "; ".join(name for _, name in named)
    return [Finding(f"Your {what} is {text(read)}: {student}.", f"{both}: {staff}.")]


def _named(read: Expression, expected: Expression) -> Iterator[tuple[str, str]]:
    if not read.parts:
        yield "it is missing", "it is missing"
        return
    if not expected.parts:
        yield "it does not belong there", "it does not belong there"
        return
    one, other = read.only, expected.only
    if one is not None and other is not None:
        yield from product_differences(one, other)
        return
    left, wanted = _unmatched(read.parts, expected.parts)
    alike = [(a, b) for a in left for b in wanted if (a.exponent, len(a.products)) == (b.exponent, len(b.products))]
    for a, b in sorted(alike, key=lambda pair: len(list(_power_differences(*pair)))):
        if a in left and b in wanted:
            left.remove(a)
            wanted.remove(b)
            for hint, name in _power_differences(a, b):
                yield f"in the term {_power(a)} {hint}", f"in the term {_power(a)} {name}"
    if len(left) == len(wanted) == 1:
        yield from _power_differences(left[0], wanted[0])
        return
    for part in left:
        yield f"the term {_power(part)} does not belong there", f"{_power(part)} does not belong there"
    for part in wanted:
        yield "a term is missing", f"{_power(part)} is missing"


def _power_differences(read: Power, expected: Power) -> Iterator[tuple[str, str]]:
    left, wanted = _unmatched(read.products, expected.products)
    if read.exponent != expected.exponent:
        said = "the whole is raised to the wrong power"
        if {read.exponent, expected.exponent} == {HALF, Fraction(1)}:
            said = f"the square root over the whole is {'missing' if expected.exponent == HALF else 'one too many'}"
        yield said, said
    # Terms of a sum are paired so that as little as possible is different.
    while left and wanted:
        pairs = [(len(list(product_differences(a, b))), i, j) for i, a in enumerate(left) for j, b in enumerate(wanted)]
        _, i, j = min(pairs)
        yield from product_differences(left.pop(i), wanted.pop(j))
    for term in left:
        yield f"the term {product_text(term)} does not belong there", f"{product_text(term)} does not belong there"
    for term in wanted:
        yield "a term is missing", f"{product_text(term)} is missing"


def _unmatched(read: tuple, expected: tuple) -> tuple[list, list]:
    left, wanted = list(read), list(expected)
    for part in read:
        if part in wanted:
            left.remove(part)
            wanted.remove(part)
    return left, wanted


def product_differences(read: Product, expected: Product) -> Iterator[tuple[str, str]]:
    """(hint, name) for each thing that tells the one product from the other."""
    got, wanted = dict(read.powers), dict(expected.powers)
    ratio = read.constant / expected.constant
    if ratio < 0:
        yield "its sign is the wrong one", "wrong sign"
    if not math.isclose(abs(ratio), 1, rel_tol=1e-9):
        yield "a constant factor is wrong", f"a factor {number(abs(ratio))} too much"
    if got == wanted:
        return
    whole = _whole(got, wanted)
    if whole:
        yield whole, whole
        return
    changed = {name for name in got | wanted if got.get(name, 0) != wanted.get(name, 0)}
    step = got.get("ᾱ_t", 0), -got.get("ᾱ_{t−1}", 0)
    if step[0] == step[1] == wanted.get("ᾱ_t", 0) != 0 and "ᾱ_{t−1}" in changed and "ᾱ_prev" not in wanted:
        changed.remove("ᾱ_{t−1}")
        yield "the α of a single step does not belong there", "α_t = ᾱ_t/ᾱ_{t−1} stands for ᾱ_t"
    for name in [n for n in wanted if n in changed and n not in got]:  # something else in its place
        stands = [n for n in got if n in changed and n not in wanted and got[n] == wanted[name]]
        stands.sort(key=lambda n: not _alike(n, name))
        if stands:
            changed -= {name, stands[0]}
            hint = f"{stands[0]} does not belong there"
            if _alike(stands[0], name):
                hint = f"{stands[0]} is taken at the wrong index"
            yield hint, f"{stands[0]} stands for {name}"
    for name in [n for n in wanted if n in changed and n not in got]:  # the same with another exponent
        stands = [n for n in got if n in changed and n not in wanted and _alike(n, name)]
        if stands:
            changed -= {name, stands[0]}
            yield f"{stands[0]} is taken at the wrong index", f"{stands[0]} stands for {name}"
            yield from _exponent(stands[0], got[stands[0]], wanted[name])
    for name in sorted(changed):
        yield from _exponent(name, got.get(name, Fraction(0)), wanted.get(name, Fraction(0)))


def _whole(got: dict[str, Fraction], wanted: dict[str, Fraction]) -> str:
    if got.keys() != wanted.keys() or len(got) < 2:
        return ""
    ratios = {got[name] / wanted[name] for name in got}
    words = {Fraction(2): "the square root is missing", HALF: "a square root too many"}
    words[Fraction(-1)] = "it is turned upside down"
    return words.get(ratios.pop(), "") if len(ratios) == 1 else ""


def _exponent(name: str, got: Fraction, wanted: Fraction) -> Iterator[tuple[str, str]]:
    if got == wanted:
        return
    if wanted == 0:
        yield f"{name} does not belong there", f"{name} does not belong there"
    elif got == 0:
        yield "a factor is missing", f"{name} is missing"
    elif got == 2 * wanted and abs(wanted) == HALF:
        yield f"a square root is missing on {name}", f"a square root is missing on {name}"
    elif 2 * got == wanted and abs(got) == HALF:
        yield f"the square root of {name} is one too many", f"a square root too many on {name}"
    elif got == -wanted:
        verb = "multiplied in, not divided by" if got > 0 else "divided by, not multiplied in"
        yield f"{name} is {verb}", f"{name} is {verb}"
    else:
        yield f"the power of {name} is wrong", f"{name} to the power {got} for {wanted}"


def _alike(one: str, other: str) -> bool:
    """The same quantity at two indices: ᾱ_t and ᾱ_prev, 1−ᾱ_t and 1−ᾱ_prev, two betas."""
    return one.split("_")[0] == other.split("_")[0]
