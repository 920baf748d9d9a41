"""The formula that a function computes, to be typeset: where one was read back that is all of what it does."""

import re
from fractions import Fraction

from ..verdicts import Formula, Term
from .readback import Reading
from .readback.chains import forms
from .readback.chains.chain import Chain
from .readback.chains.draws import STAND_INS
from .readback.chains.steps import Part
from .readback.expressions import HALF, ZERO, Expression, Power, Product
from .readback.formula import in_reading_order, is_compound, number, under_one_root
from .readback.sums import Read, Weights


def formulas(reading: Reading | None) -> list[Formula]:
    """One for each range of arguments that has its own; none where something else than a weight is wrong, or more.

    A table that is read wrongly at its ends, weights that are laid out wrongly, roots that are cut off at 0: of these a
    formula does not tell. Of a chain there are those of its parts that are wrong.
    """
    if isinstance(reading, Chain):
        return _of_chain(reading)
    if not isinstance(reading, Read) or reading.clamped or reading.layout != "sample":
        return []
    if reading.edge != next(iter(reading.formula.edges)):
        return []
    ranges = enumerate(zip(reading.formula.points, reading.weights))
    return [Formula(where, _terms(reading, own, regime)) for regime, (where, own) in ranges if own is not None]


def _within(part: Part) -> list[Formula]:
    """A part's formulas, with what is asked for in the same terms."""
    labels = list(part.read.formula.points)
    return [
        Formula(f"{part.where} {one.where}".rstrip(), one.terms, part.task, _asked(part.read, labels.index(one.where)))
        for one in formulas(part.read)
    ]


def _of_chain(chain: Chain) -> list[Formula]:
    """Of a wrong step which takes no noise, or something else for it, a formula in noise would not tell all."""
    if chain.noise.kind not in _IN_PLACE_OF_NOISE:
        return [one for part in chain.parts for one in _within(part)]
    found = [one for part in chain.parts if part is not chain.step.part for one in _within(part)]
    return found if chain.step.said else [*found, _with_other_noise(chain)]


def _with_other_noise(chain: Chain) -> Formula:
    """A right step, into which something else is put than a draw of noise, or nothing."""
    instead = _IN_PLACE_OF_NOISE[chain.noise.kind]
    expected = forms.forms(chain.kind)[0].expected
    asked = tuple(Term(_weight(weight, True), name, True) for name, weight in expected.items())
    terms = (
        one if one.of != "noise" else Term(one.weight if instead else "0", instead or one.of, False) for one in asked
    )
    return Formula("in every step", tuple(terms), chain.kind.step, asked)


_IN_PLACE_OF_NOISE = {**{name: name for name in STAND_INS}, "start": "the noise of the start", "none": ""}


def _asked(reading: Read, regime: int) -> tuple[Term, ...]:
    weights = {name: reading.expected(name, regime) or ZERO for name in reading.formula.expected}
    return tuple(Term(_weight(weight, True), name, True) for name, weight in weights.items() if weight.parts)


def _terms(reading: Read, weights: Weights, regime: int) -> tuple[Term, ...]:
    """Those that are there, and those that should be."""
    judged = [(name, reading.is_right(name, weights, regime)) for name in reading.names(weights)]
    return tuple(
        Term(_weight(weights.get(name, ZERO), bool(name)), name, right)
        for name, right in judged
        if not right or weights.get(name, ZERO).parts
    )


def _weight(weight: Expression, of_something: bool) -> str:
    """A sum stands in brackets before what it is the weight of."""
    written = latex(weight)
    return _in_brackets(written) if of_something and _is_sum(written) else written


def latex(expression: Expression) -> str:
    return _sum([_power(part) for part in expression.parts]) or "0"


def _power(part: Power) -> str:
    inner = _sum([_product(one) for one in part.products])
    if part.exponent == 1:
        return inner
    if part.exponent == HALF:
        return rf"\sqrt{{{inner}}}"
    return rf"\frac{{1}}{{{inner}}}" if part.exponent == -1 else f"{_in_brackets(inner)}^{{{part.exponent}}}"


def _sum(parts: list[str]) -> str:
    return " + ".join(parts).replace("+ -", "- ")


def _product(one: Product) -> str:
    constant = _symbols(number(abs(one.constant)))
    squared = under_one_root(one)
    if squared is not None:
        above, below = [rf"\sqrt{{{_product(squared)}}}"], []
    else:
        powers = in_reading_order(one)
        above = [_factor(name, exponent) for name, exponent in powers if exponent > 0]
        below = [_factor(name, -exponent) for name, exponent in powers if exponent < 0]
    if constant != "1" or not above:
        above.insert(0, constant)
    negative = one.constant < 0
    if below:
        return "-" * negative + rf"\frac{{{_side(above)}}}{{{_side(below)}}}"
    return f"-{_side(above, among_others=True)}" if negative else _side(above)


def _side(factors: list[str], among_others: bool = False) -> str:
    """The factors on one side of a bar; one that is a sum needs no brackets where it stands alone."""
    alone = len(factors) == 1 and not among_others
    return r"\,".join(_in_brackets(one) if _is_sum(one) and not alone else one for one in factors)


def _factor(name: str, exponent: Fraction) -> str:
    written = _symbols(name)
    if exponent == HALF:
        return rf"\sqrt{{{written}}}"
    if exponent == 1:
        return written
    return f"{_in_brackets(written) if is_compound(name) else written}^{{{exponent}}}"


def _in_brackets(written: str) -> str:
    """As tall as what is in them; around a plain line they would come out too tall."""
    return rf"\left({written}\right)" if r"\frac" in written else f"({written})"


def _is_sum(written: str) -> bool:
    """Whether a plus or a minus stands between its parts, outside of all brackets."""
    inner, outer = written, ""
    while inner != outer:
        outer, inner = inner, re.sub(r"\{[^{}]*\}|\([^()]*\)", "", inner)
    return re.search(r".[-+]", outer.replace(r"\left\right", "")) is not None


def _symbols(name: str) -> str:
    """A quantity's name, which is nearly LaTeX: "1−ᾱ_prev", "ᾱ_{t−1}", "β_table(t)", "1/√2"."""
    written = re.sub(r"_([A-Za-z]\w+)", r"_{\1}", name.replace("−", "-"))
    return re.sub(r"√(\d+)", r"\\sqrt{\1}", written)
