"""What tells one formula from another, in words: each thing once, and no more of them than there are.

A weight that is the expected one but for its sign, or for an index, is not taken apart: that one thing is said. Only
then terms are held against terms, and factors against factors. Staff read both formulas and what tells them apart,
students their own formula and what is the matter with it; the whole of the right one is theirs to find.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

from ...verdicts import Finding
from .expressions import HALF, Expression, Power, Product, of, product
from .formula import number, power_text, product_text, text
from .indices import in_order, renamed

_AT_ONCE = 3  # things wrong with one weight that are named; more of them say no more than that it is another one
_ANOTHER = "it is another formula altogether"
_MISSING = {"result": "nothing of the formula is there"}  # where there is no term that could be missing


def differences(what: str, read: Expression, expected: Expression) -> list[Finding]:
    """What is wrong with the weight of ``what``."""
    if read == expected:
        return []
    read = _squares_joined(read)
    named = list(dict.fromkeys(_named(read, expected))) if read.parts else [_MISSING.get(what, "it is missing")]
    said = _ANOTHER if len(named) > _AT_ONCE else "; ".join(named)
    mine = f"our {what} is {text(read)}"
    return [Finding(f"Y{mine}: {said}.", f"y{mine}; expected {text(expected)}: {said}.", len(named))]


def _squares_joined(read: Expression) -> Expression:
    """(1−ᾱ)·(1+ᾱ) as 1−ᾱ², which is how it was written."""

    def joined(one: Product) -> Product:
        powers = dict(one.powers)
        for name in [name for name in powers if name.startswith("1+")]:
            other = name.replace("1+", "1−", 1)
            if powers.get(other) == powers[name]:
                powers[f"{other}²"] = powers.pop(name)
                del powers[other]
        return product(one.constant, powers)

    return Expression(tuple(Power(tuple(map(joined, part.products)), part.exponent) for part in read.parts))


def _named(read: Expression, expected: Expression) -> Iterator[str]:
    if not expected.parts:
        yield "it does not belong there"
        return
    one, other = read.only, expected.only
    if read.is_number and not expected.is_number and not (one and other and math.isclose(abs(one.constant), 1)):
        names = dict.fromkeys(name for part in expected.parts for p in part.products for name, _ in p.powers)
        yield f"it is the same number whatever {' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
        return
    if one is not None and other is not None:
        yield from product_differences(one, other)
        return
    expected = _written_like(read, expected)
    if in_order(_negated(read)) == in_order(expected):
        yield "the sign of the whole is the wrong one"
        return
    index = renamed(read, expected)
    if index:
        yield index
        return
    left, wanted = _unmatched(read.parts, expected.parts)
    if _roots_one_by_one(left, wanted):
        yield "the root is taken of each term by itself, not of all of it"
        return
    alike = [(a, b) for a in left for b in wanted if (a.exponent, len(a.products)) == (b.exponent, len(b.products))]
    for a, b in sorted(alike, key=lambda pair: len(list(_power_differences(*pair)))):
        if a in left and b in wanted and (_related(a, b) or len(left) == len(wanted) == 1):
            left.remove(a)
            wanted.remove(b)
            for name in _power_differences(a, b):
                yield f"in the term {_plain(power_text(a))}, {name}"
    if len(left) == len(wanted) == 1:
        yield from _power_differences(left[0], wanted[0])
        return
    for part in left:
        yield f"the term {_plain(power_text(part))} does not belong there"
    for part in wanted:
        yield f"the term {_plain(power_text(part))} is missing"


def _written_like(read: Expression, expected: Expression) -> Expression:
    """1−ᾱ is one quantity, and so is t_next−t; beside a sum, or a root of one, it is written as the sum that it is. So is
    1 over a sum."""
    whole = expected.only
    if whole is not None and [part.exponent for part in read.parts] == [-1]:
        return Expression((Power((whole**-1,), Fraction(-1)),))
    if whole is None or len(whole.powers) != 1:
        return expected
    name, exponent = whole.powers[0]
    first, minus, second = name.partition("−")
    if not minus or "/" in name:
        return expected
    inside = product(whole.constant, {} if first == "1" else {first: 1}), product(-whole.constant, {second: 1})
    if exponent == 1 and len(read.parts) > 1:
        return of(*inside)
    if whole.constant == 1 and [part.exponent for part in read.parts] == [exponent]:
        return Expression((Power(inside, exponent),))
    return expected


def _roots_one_by_one(left: list[Power], wanted: list[Power]) -> bool:
    """√A − √B where √(A − B) belongs."""
    if len(left) < 2 or len(wanted) != 1:
        return False
    inside, sign = _under_one_root(wanted[0])
    squares: list[Product] = []
    for part in left:
        if part.exponent != 1 or len(part.products) != 1:
            return False
        (term,) = part.products
        squares.append(term**2 if sign * term.constant > 0 else -(term**2))
    return sorted(map(repr, squares)) == sorted(map(repr, inside))


def _under_one_root(wanted: Power) -> tuple[tuple[Product, ...], int]:
    """What stands under the root, as a sum, and the root's sign; √((1−ᾱ)/ᾱ) is √(1/ᾱ − 1)."""
    if wanted.exponent == HALF:
        return wanted.products, 1
    if wanted.exponent == 1 and len(wanted.products) == 1:
        (whole,) = wanted.products
        powers = dict((whole**2).powers)
        for name in [name for name, e in powers.items() if e == 1 and name.startswith("1−") and "/" not in name]:
            rest = product((whole**2).constant, {other: e for other, e in powers.items() if other != name})
            return (rest, -(rest * product(1.0, {name.removeprefix("1−"): 1}))), 1 if whole.constant > 0 else -1
    return (), 1


def _negated(expression: Expression) -> Expression:
    """Its negative; as it is where a part is a root, which has no other sign."""
    if any(part.exponent != 1 for part in expression.parts):
        return expression
    return Expression(tuple(Power(tuple(-q for q in part.products)) for part in expression.parts))


def _related(one: Power, other: Power) -> bool:
    """Two terms of which one may have been meant for the other: they share a quantity, or a root."""
    names = [{name.split("_")[0] for q in part.products for name, _ in q.powers} for part in (one, other)]
    return one.exponent != 1 or bool(names[0] & names[1]) or not (names[0] or names[1])


def _plain(written: str) -> str:
    return written.replace("-", "−")


def _power_differences(read: Power, expected: Power) -> Iterator[str]:
    read = _as_a_root(read, expected)
    left, wanted = _unmatched(read.products, expected.products)
    if read.exponent != expected.exponent:
        said = "the whole is raised to the wrong power"
        if {read.exponent, expected.exponent} == {HALF, Fraction(1)}:
            said = f"the square root over the whole is {'missing' if expected.exponent == HALF else 'one too many'}"
        yield said
    # Terms of a sum are paired so that as little as possible is different.
    while left and wanted:
        pairs = [(len(list(product_differences(a, b))), i, j) for i, a in enumerate(left) for j, b in enumerate(wanted)]
        _, i, j = min(pairs)
        yield from product_differences(left.pop(i), wanted.pop(j))
    for term in left:
        yield f"the term {_plain(product_text(term))} does not belong there"
    for term in wanted:
        yield f"the term {_plain(product_text(term))} is missing"


def _as_a_root(read: Power, expected: Power) -> Power:
    """√(1−ᾱ) where the root of a sum belongs that begins with 1−ᾱ: the same root, of less."""
    if (read.exponent, expected.exponent, len(read.products)) != (1, HALF, 1):
        return read
    squared = read.products[0] ** 2
    return Power((squared,), HALF) if read.products[0].constant > 0 and squared in expected.products else read


def _unmatched(read: tuple, expected: tuple) -> tuple[list, list]:
    left, wanted = list(read), list(expected)
    for part in read:
        if part in wanted:
            left.remove(part)
            wanted.remove(part)
    return left, wanted


def product_differences(read: Product, expected: Product) -> Iterator[str]:
    """Each thing that tells the one product from the other."""
    got, wanted = dict(read.powers), dict(expected.powers)
    ratio = read.constant / expected.constant
    if ratio < 0:
        yield "the sign is the wrong one"
    if not math.isclose(abs(ratio), 1, rel_tol=1e-9):
        yield f"a factor {number(max(abs(ratio), 1 / abs(ratio)))} too {'much' if abs(ratio) > 1 else 'little'}"
    if got == wanted:
        return
    for name in [name for name in wanted if got.get(f"{name}²") == wanted[name] and name not in got]:
        yield f"{name.removeprefix('1−')} is squared"
        got[name] = got.pop(f"{name}²")
    if got == wanted:
        return
    whole = _whole(got, wanted) or renamed(of(product(1.0, got)), of(product(1.0, wanted)))
    if whole:
        yield whole
        return
    changed = {name for name in got | wanted if got.get(name, 0) != wanted.get(name, 0)}
    step = got.get("ᾱ_t", 0), -got.get("ᾱ_{t−1}", 0)
    if step[0] == step[1] == wanted.get("ᾱ_t", 0) != 0 and "ᾱ_{t−1}" in changed and "ᾱ_prev" not in wanted:
        changed.remove("ᾱ_{t−1}")
        yield "α_t = ᾱ_t/ᾱ_{t−1} stands in the place of ᾱ_t"
    for name in [n for n in wanted if n in changed and n not in got]:  # something else in its place
        stands = [n for n in got if n in changed and n not in wanted and got[n] == wanted[name]]
        stands.sort(key=lambda n: not _alike(n, name))
        if stands:
            changed -= {name, stands[0]}
            yield f"{stands[0]} stands in the place of {name}"
    for name in [n for n in wanted if n in changed and n not in got]:  # the same with another exponent
        stands = [n for n in got if n in changed and n not in wanted and _alike(n, name)]
        if stands:
            changed -= {name, stands[0]}
            squared = stands[0] == f"{name}²"
            yield f"{name.removeprefix('1−')} is squared" if squared else f"{stands[0]} stands in the place of {name}"
            yield from _exponent(stands[0], got[stands[0]], wanted[name])
    yield from _factors(changed, got, wanted)


def _whole(got: dict[str, Fraction], wanted: dict[str, Fraction]) -> str:
    if got.keys() != wanted.keys() or len(got) < 2:
        return ""
    ratios = {got[name] / wanted[name] for name in got}
    words = {Fraction(2): "the square root is missing", HALF: "a square root too many"}
    words[Fraction(-1)] = "it is turned upside down"
    return words.get(ratios.pop(), "") if len(ratios) == 1 else ""


def _factors(changed: set[str], got: dict[str, Fraction], wanted: dict[str, Fraction]) -> Iterator[str]:
    """What several factors have in common is said once."""
    missing = {name: wanted[name] for name in sorted(changed) if name not in got}
    extra = {name: got[name] for name in sorted(changed) if name not in wanted}
    if missing:
        yield f"the factor {product_text(product(1.0, missing))} is missing"
    if extra:
        yield f"the factor {product_text(product(1.0, extra))} does not belong there"
    both = sorted(changed - missing.keys() - extra.keys())
    rootless = {name: got[name] for name in both if got[name] == 2 * wanted[name] and abs(wanted[name]) == HALF}
    if len(rootless) > 1:
        yield f"the square root of {product_text(product(1.0, rootless))} is missing"
        both = [name for name in both if name not in rootless]
    for name in both:
        yield from _exponent(name, got[name], wanted[name])


def _exponent(name: str, got: Fraction, wanted: Fraction) -> Iterator[str]:
    if got == wanted:
        return
    if got == 2 * wanted and abs(wanted) == HALF:
        yield f"a square root is missing on {name}"
    elif 2 * got == wanted and abs(got) == HALF:
        yield f"the square root of {name} is one too many"
    elif got == 2 * wanted and abs(wanted) == 1:
        yield f"{name} is squared"
    elif got == -wanted:
        yield f"{name} is {'multiplied in, not divided by' if got > 0 else 'divided by, not multiplied in'}"
    else:
        yield f"{name} has the power {got} instead of {wanted}"


def _alike(one: str, other: str) -> bool:
    """The same quantity at two indices: ᾱ_t and ᾱ_prev, 1−ᾱ_t and 1−ᾱ_prev, two betas."""
    return one.split("_")[0] == other.split("_")[0]
