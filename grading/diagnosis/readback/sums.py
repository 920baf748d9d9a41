"""Read back a function that is a sum of known terms, each with a weight made of known quantities.

    result = Σ_k w_k(q) · term_k        such as  x_prev = √ᾱ_prev β/(1−ᾱ_t) · x0 + … · x_t + … · noise

Two steps: at every point the result is regressed on the terms (exact in float64), which gives the numbers w_k; then the
numbers of each term over all points are identified as an expression. Points fall into regimes, such as steps within the
chain and steps to the clean image. The formula is read in the first regime; in the others it either still holds, with
one of a few ways of reading the table beyond its ends, or is read anew.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

import torch
from torch import Tensor

from ...verdicts import Finding
from .coefficients import regress
from .differences import differences
from .evidence import Answer, Arguments, Ask, answers, as_tensor, doubled, reproduces
from .exponents import Points, nice, weight
from .expressions import HALF, ZERO, Expression, Product, Quantities, of, product

Terms = Mapping[str, Callable[[], Tensor]]  # not computed before they are asked for
Weights = dict[str, Expression]
_ENOUGH = 8  # points at which two weights are held against each other


@dataclass(frozen=True, eq=False)
class Sum:
    """What is known of a function before it is read."""

    terms: Callable[[Arguments], Terms]
    quantities: Callable[[Arguments, str], Quantities]  # the second argument is one of ``edges``
    expected: Weights  # the terms that are not named here have weight 0
    points: Mapping[str, Callable[[], list[Arguments]]]  # by regime
    regime: Callable[[Arguments], Tensor]  # number of the regime, 0-dim or one per sample
    core: tuple[str, ...]  # quantities that sums are tried with
    edges: Mapping[str, str] = field(default_factory=lambda: {"": ""})  # ways to read the table's ends, in words
    layouts: Mapping[str, str] = field(default_factory=lambda: {"sample": ""})  # of a weight with one value per sample
    what: Callable[[str], str] = lambda term: f"weight of {term}"


@dataclass(frozen=True)
class Read:
    """A function as it was read: weights by regime; those of the first hold where a regime has none of its own."""

    formula: Sum
    weights: tuple[Weights | None, ...]
    edge: str = ""
    layout: str = "sample"
    clamped: bool = False

    def predict(self, arguments: Arguments) -> Tensor:
        quantities = self.formula.quantities(arguments, self.edge)
        regime = self.formula.regime(arguments)
        terms = self.formula.terms(arguments)
        names = dict.fromkeys(name for weights in self.weights if weights for name in weights if weights[name].parts)
        total: Tensor | None = None
        for name in names:
            value = self._weight(name, quantities, regime)
            term = terms[name]() if terms else None
            part = _laid_out(value, self.layout, term)
            part = part * term if term is not None else part
            total = part if total is None else total + part
        if total is None:
            total = torch.zeros_like(next(iter(terms.values()))()) if terms else regime * 0.0
        return total

    def _weight(self, name: str, quantities: Quantities, regime: Tensor) -> Tensor:
        first = self.weights[0]
        assert first is not None
        value = first.get(name, ZERO).value(quantities, self.clamped).expand(regime.shape)
        for number, weights in enumerate(self.weights):
            if number and weights is not None:
                own = weights.get(name, ZERO).value(quantities, self.clamped)
                value = torch.where(regime == number, own, value)
        return value

    def findings(self) -> list[Finding]:
        """What is wrong; nothing where the formula is the expected one."""
        formula, found = self.formula, list[Finding]()
        for number, (label, weights) in enumerate(zip(formula.points, self.weights)):
            if weights is None:
                continue
            where = f" {label}" if number else ""
            wrong = [name for name in self.names(weights) if not self.is_right(name, weights, number)]
            other = self._treated_as(weights, number) if number and wrong else ""
            if other:
                verb = "are" if "scales" in label else "is"
                said = f"{label.removeprefix('at ')} {verb} treated as {other.removeprefix('at ')}"
                found.append(Finding(f"Your {said}.", said))
                continue
            moved = _swapped(formula, weights, wrong, where) or _replaced(formula, weights, wrong, where)
            found += [finding for finding, _ in moved]
            settled = {name for _, names in moved for name in names}
            for name in (name for name in wrong if name not in settled):
                expected = self.expected(name, number)
                if expected is not None:
                    found += differences(formula.what(name) + where, weights.get(name, ZERO), expected)
        if self.edge != next(iter(formula.edges)):
            found.append(Finding(formula.edges[self.edge], formula.edges[self.edge]))
        if self.layout != "sample":
            said = formula.layouts[self.layout]
            found.append(Finding(said, said))
        return found

    def names(self, weights: Weights) -> list[str]:
        return [*dict.fromkeys([*self.formula.expected, *(name for name, w in weights.items() if w.parts)])]

    def right_and_wrong(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The terms whose weights are the expected ones in every regime, and the others.

        A weight that is a plain number, 0 among them, is no achievement: right, it counts nothing. Laid out wrongly, all
        weights are wrong.
        """
        first = self.weights[0]
        assert first is not None
        weights = [own if own is not None else first for own in self.weights]
        right: list[str] = []
        wrong: list[str] = []
        for name in dict.fromkeys(name for one in weights for name in self.names(one)):
            is_right = all(self.is_right(name, one, number) for number, one in enumerate(weights))
            if not is_right or self.layout != "sample":
                wrong.append(name)
            elif not self.formula.expected.get(name, ZERO).is_number:
                right.append(name)
        return tuple(right), tuple(wrong)

    def is_right(self, name: str, weights: Weights, regime: int) -> bool:
        """Equal in value: the same formula can be written in several ways."""
        got = replace(self, weights=(weights,))
        right = _right(self.formula, name, regime, self.clamped, _ENOUGH)
        points = [doubled_all(a) for a in list(self.formula.points.values())[regime]()[:_ENOUGH]]
        return all(torch.allclose(_one(got, name, a), wanted, 1e-9, 1e-12) for a, wanted in zip(points, right))

    def _treated_as(self, weights: Weights, regime: int) -> str:
        """Another regime, a special one, whose weights these are."""
        for number, label in enumerate(self.formula.points):
            if number and number != regime:
                expected = {name: self.expected(name, number) for name in self.names(weights)}
                if all(weights.get(name, ZERO) == wanted for name, wanted in expected.items()):
                    return _CLEAN.get(label, label)
        return ""

    def expected(self, name: str, regime: int) -> Expression | None:
        """The weight that is asked for, as a number where that regime makes it one."""
        expected = self.formula.expected.get(name, ZERO)
        if not regime:
            return expected
        values = torch.stack(_right(self.formula, name, regime, self.clamped, None))
        if torch.allclose(values, values[:1], 1e-12, 0.0):
            return of(product(nice(float(values[0])))) if float(values[0]) else ZERO
        return expected


def _one(read: Read, name: str, arguments: Arguments) -> Tensor:
    weights = read.weights[0]
    assert weights is not None
    return weights.get(name, ZERO).value(read.formula.quantities(arguments, read.edge), read.clamped)


@lru_cache(maxsize=512)
def _right(formula: Sum, name: str, regime: int, clamped: bool, count: int | None) -> list[Tensor]:
    """The expected weight of a term at a regime's first points, so many or all."""
    right = Read(formula, (formula.expected,), edge=next(iter(formula.edges)), clamped=clamped)
    points = list(formula.points.values())[regime]()[:count]
    return [_one(right, name, doubled_all(arguments)) for arguments in points]


def doubled_all(arguments: Arguments) -> Arguments:
    return {name: doubled(value) for name, value in arguments.items()}


def read_sum(formula: Sum, ask: Ask) -> Iterator[Read]:
    """The readings that reproduce the answers at the formula's own points; to be held against all others."""
    yield from read_answers(formula, [answers(ask, calls()) for calls in formula.points.values()])


def read_answers(formula: Sum, regimes: list[list[Answer]]) -> Iterator[Read]:
    """The same of answers that came about in another way, such as the steps of a chain; by regime."""
    first = _read_regime(formula, regimes[0], next(iter(formula.edges)))
    if first is None:
        return
    candidates: list[Read] = []
    anew_at = cache(lambda number, edge: _read_regime(formula, regimes[number], edge))
    roots = any(part.exponent == HALF for weights in first.values() for part in weights.parts)
    for clamped, edge in itertools.product((False, True) if roots else (False,), formula.edges):
        read = Read(formula, (first,), edge=edge, clamped=clamped)
        own: list[Weights | None] = [first]
        for number, seen in enumerate(regimes[1:], 1):
            if all(reproduces(read.predict, one) for one in seen):
                own.append(None)
            else:
                anew = anew_at(number, edge)
                if anew is None:
                    break
                own.append(anew)
        else:
            candidates.append(replace(read, weights=tuple(own)))
            if not any(own[1:]):
                break
    # One formula that holds everywhere is a better explanation than one for each regime.
    candidates.sort(key=lambda read: sum(weights is not None for weights in read.weights))
    for read, layout in itertools.product(candidates, formula.layouts):
        yield replace(read, layout=layout)


def _read_regime(formula: Sum, seen: list[Answer], edge: str) -> Weights | None:
    rows: list[dict[str, float]] = []
    quantities: list[Quantities] = []
    for one in seen:
        value = as_tensor(one.value)
        if one.error or value is None:
            return None
        arguments = doubled_all(one.arguments)
        terms = {name: term() for name, term in formula.terms(arguments).items()}
        row = regress(value, terms) if terms else {"": float(value)} if value.numel() == 1 else None
        if row is None:
            return None
        rows.append(row)
        quantities.append(formula.quantities(arguments, edge))
    columns = {name: torch.stack([q[name] for q in quantities]) for name in quantities[0]}
    points = Points(columns, formula.core)
    read: Weights = {}
    for name in rows[0]:
        values = torch.tensor([row[name] for row in rows], dtype=torch.float64)
        found = weight(values, points, _known(read, formula), _shares(read, formula))
        if found is None:
            return None
        read[name] = found
    return read


def _known(read: Weights, formula: Sum) -> list[Product]:
    """What may be one term of a weight: those read so far, their squares, and the expected terms."""
    known: list[Product] = []
    for one in (w.only for w in read.values()):
        if one is not None:
            known += [one, -one, one * one, -(one * one)]
    for expected in formula.expected.values():
        for part in expected.parts:
            known += [*part.products, *(-p for p in part.products)]
    return known


def _shares(read: Weights, formula: Sum) -> list[Product]:
    """What a term's weight may take part in another's: x̂_0 is made of x_t and, times -√(1−ᾱ_t), of eps."""
    shares = [p for expected in formula.expected.values() for part in expected.parts[:-1] for p in part.products]
    for one in [w.only for w in read.values()][:1] if shares else []:
        if one is not None:
            factors = [product(-1.0, {name: e}) for e in (HALF, 1) for name in formula.core if name != "η"]
            shares += [
                one * factor for factor in sorted(factors, key=lambda f: not any("1−" in n for n, _ in f.powers))
            ]
    shares += [one for one in (w.only for w in formula.expected.values()) if shares and one is not None]
    return list(dict.fromkeys(shares))


_CLEAN = {"at t_prev = -1": "the clean image, t_prev = -1"}
Moved = list[tuple[Finding, tuple[str, str]]]


def _swapped(formula: Sum, weights: Weights, wrong: list[str], where: str) -> Moved:
    for a, b in itertools.combinations(wrong, 2):
        if ZERO not in (weights.get(a, ZERO), weights.get(b, ZERO)) and (
            weights.get(a) == formula.expected.get(b) and weights.get(b) == formula.expected.get(a)
        ):
            said = f"the weights of {a} and {b} are exchanged{where}"
            return [(Finding(f"{said[0].upper()}{said[1:]}.", said), (a, b))]
    return []


def _replaced(formula: Sum, weights: Weights, wrong: list[str], where: str) -> Moved:
    """Terms that are not there while another one has their weight."""
    found: Moved = []
    order = [*weights, *(name for name in wrong if name not in weights)]
    free = [name for name in wrong if formula.expected.get(name, ZERO) == ZERO]
    for name in wrong:
        stands = [other for other in free if weights.get(other, ZERO) == formula.expected.get(name, ZERO)]
        if weights.get(name, ZERO) == ZERO and stands:
            # Of several the one that stands next to it in the formula: x_orig under the other mask, not noise.
            other = min(stands, key=lambda one: abs(order.index(one) - order.index(name)))
            free.remove(other)
            said = f"Your formula has {other} in place of {name}{where}."
            found.append((Finding(said, f"{other} stands in the place of {name}{where}"), (name, other)))
    return found


LAYOUTS = {
    "sample": "",
    "bare": "Weights of shape (B,) are multiplied in as they are: along the width, not one per sample.",
    "channel": "With one timestep per sample, the weights run along the channels and not along the batch.",
    "height": "With one timestep per sample, the weights run along the height and not along the batch.",
    "first": "With one timestep per sample, the first one is used for the whole batch.",
    "mean": "With one timestep per sample, the weights are averaged over the batch.",
    "tiled": "With one timestep per sample, the weights take turns from pixel to pixel, and do not stay with their sample.",
}


def _laid_out(value: Tensor, layout: str, term: Tensor | None) -> Tensor:
    """A weight, 0-dim or one per sample, in the shape in which it is multiplied in; images, if it is, by ``term``."""
    if value.ndim == 0 and layout != "image":
        return value
    if layout == "first":
        return value[0]
    if layout == "mean":
        return value.mean()
    if term is None and layout in ("sample", "tiled"):
        return value
    if term is not None and layout == "tiled":
        return value.repeat(term.numel() // len(value)).reshape(term.shape)
    shapes = {"image": (-1, 1, 1, 1), "sample": (-1, 1, 1, 1), "bare": (-1,), "channel": (-1, 1, 1), "height": (-1, 1)}
    return value.reshape(shapes[layout])
