"""An instructor's formula against a graded function: whether it agrees, as who writes it, and where it does not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import toml
from .agreement import Difference, differences, scope_at, side_value
from .closeness import close, gap
from .docstrings import every
from .evaluation import evaluate
from .held import SEED, reading_of
from .latex import NotUnderstood
from .latex.tree import Node, Sum, names_in
from .points import Point
from .reading import Reading, read
from .scope import Notation, NotKnown, Scope, as_side
from .sources import NAMES, load
from .symbols import Symbols, symbols_of

OURS = ""  # this project's own symbols
COMMON = "ddpm"  # the symbols that most write


@dataclass(frozen=True)
class Term:
    """Of a formula that differs: what stands in one and not in the other."""

    latex: str
    times: float | None = None  # as much as its counterpart, where it is a multiple of it


@dataclass(frozen=True)
class Answer:
    agrees: bool
    writer: str  # as whose symbols it was read: a source's name, or OURS
    read_as: tuple[tuple[str, str], ...]  # the symbols that mean something else than they say, with their meaning
    elsewhere: tuple[str, ...] = ()  # read as these write, it would agree
    known_as: str = ""  # another form that is right somewhere, and that it is
    theirs: tuple[Term, ...] = ()
    ours: tuple[Term, ...] = ()
    difference: Difference | None = None  # at the input that shows it best


def ask(latex: str, task: str, source: str = "", seed: int = SEED) -> Answer:
    """Hold a formula against a function, as this project writes, as the source does, as papers do.

    Raises:
        NotUnderstood: it cannot be read; NotKnown among them: a symbol that nobody's symbols know.
    """
    symbols = symbols_of(task)
    if symbols is None:
        raise NotUnderstood(f"{task} has no formula that can be evaluated", 0, len(latex))
    points = list(symbols.points(seed))
    found: dict[str, _Read] = {}
    unreadable: dict[str, NotUnderstood] = {}
    for writer in dict.fromkeys([*_asked(source), OURS, COMMON, *NAMES]):
        if any(not one.wrong for name, one in found.items() if name in _asked(source)):
            break
        try:
            notation = _notation(writer, task)
            reading = reading_of(latex, symbols, notation)
            found[writer] = _Read(reading, differences(reading, symbols, points, notation))
        except NotUnderstood as why:
            unreadable[writer] = why
    agreeing = [name for name, one in found.items() if not one.wrong]
    meant = [name for name in _asked(source) if name in found]
    if not (meant or agreeing):
        raise _nearest([why for writer, why in unreadable.items() if writer in (OURS, *_asked(source))])
    for writer in meant or agreeing:
        if writer in agreeing:
            return Answer(True, writer, tuple(_read_as(found[writer].reading, task, symbols, writer)))
    return _differing(task, symbols, points, meant, found, tuple(agreeing))


@dataclass(frozen=True)
class _Read:
    """A formula as one source's symbols have it."""

    reading: Reading
    wrong: list[Difference]


def _asked(source: str) -> list[str]:
    """Whose symbols are meant first: the source's, or what this project and most papers write."""
    return [source] if source else [OURS, COMMON]


def _notation(writer: str, task: str) -> Notation:
    return load(writer).notation_for(task) if writer else {}


def _nearest(reasons: list[NotUnderstood]) -> NotUnderstood:
    """What is wrong in every reading; of a symbol, all that are known in one or another."""
    unknown = [one for one in reasons if isinstance(one, NotKnown)]
    if len(unknown) < len(reasons) or not unknown:
        return next(one for one in reasons if not isinstance(one, NotKnown))
    furthest = max(unknown, key=lambda one: one.start)
    known = {name for one in unknown for name in one.known}
    furthest.known = sorted(known, key=lambda name: (len(name), name))
    return furthest


def _read_as(reading: Reading, task: str, symbols: Symbols, writer: str) -> Iterator[tuple[str, str]]:
    """Symbols that stand for something else than an argument of their name."""
    notation, ours = _notation(writer, task), set(_names(_pinned(task)))
    for name in dict.fromkeys(_names(reading)):
        alias = notation.get(name) or notation.get(f"{name}()")
        source = symbols.means.get(name)
        if alias is not None:
            yield name, alias.latex
        elif isinstance(source, str) and name not in ours and "\\" in source:
            yield name, source


def _differing(
    task: str,
    symbols: Symbols,
    points: list[Point],
    meant: list[str],
    found: dict[str, _Read],
    elsewhere: tuple[str, ...],
) -> Answer:
    """As the first of those that are meant has it, or in whichever it is a form that is known."""
    forms = {name: _known_form(task, symbols, points, found[name].reading, _notation(name, task)) for name in meant}
    writer = next((name for name, form in forms.items() if form), meant[0])
    reading = found[writer].reading
    clearest = max(found[writer].wrong, key=_clear)
    theirs, ours = _unlike_terms(task, symbols, clearest, points, reading, _notation(writer, task))
    read_as = tuple(_read_as(reading, task, symbols, writer))
    return Answer(False, writer, read_as, elsewhere, forms[writer], theirs, ours, clearest)


def _clear(difference: Difference) -> tuple[float, int]:
    """How well an input shows a difference: by much, and in few numbers."""
    if not isinstance(difference.got, Tensor) or not isinstance(difference.expected, Tensor):
        return 0.0, 0
    return gap(difference.got, difference.expected), -difference.expected.numel()


def _known_form(task: str, symbols: Symbols, points: list[Point], reading: Reading, notation: Notation) -> str:
    """The other convention that a formula is, if it is one."""
    for words, latex in conventions().get(task, {}).items():
        form = Reading(latex)
        there = [
            replace(point, result=evaluate(as_side(latex), scope_at(form, symbols, point, {}))) for point in points
        ]
        if not differences(reading, symbols, there, notation):
            return words
    return ""


@cache
def conventions() -> dict[str, dict[str, str]]:
    """Other forms of formulas by task, in words and in this project's symbols."""
    return toml.read(Path(__file__).parent / "conventions.toml")


# --- which term ---------------------------------------------------------------------------------------------------


def _unlike_terms(
    task: str, symbols: Symbols, at: Difference, points: list[Point], reading: Reading, notation: Notation
) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """The terms of both formulas that the other one lacks at some point; two may make up one of the other's."""
    pinned = _pinned(task)
    theirs = _terms(at.node, reading)
    ours = _terms(pinned.results[-1].sides[-1], pinned)
    values = [
        (
            _values(theirs, reading, symbols, scope_at(reading, symbols, point, notation)),
            _values(ours, pinned, symbols, scope_at(pinned, symbols, point, {})),
        )
        for point in points
    ]
    _strike(theirs, ours, values)
    _strike(ours, theirs, [(right, left) for left, right in values])
    times = None
    if len(theirs) == len(ours) == 1:
        (left,), (right,), here = theirs, ours, values[points.index(at.point)]
        times = _multiple(here[0][left], here[1][right])
    return tuple(Term(one, times) for one in theirs), tuple(Term(one) for one in ours)


def _terms(side: Node, reading: Reading) -> dict[str, tuple[int, Node]]:
    """A side's terms by their LaTeX."""
    terms = side.terms if isinstance(side, Sum) else ((1, side),)
    return {"-" * (sign < 0) + reading.latex[one.start : one.end].strip(): (sign, one) for sign, one in terms}


def _values(terms: dict[str, tuple[int, Node]], reading: Reading, symbols: Symbols, scope: Scope) -> dict[str, Any]:
    values = {latex: (sign, side_value(node, reading, symbols, scope)) for latex, (sign, node) in terms.items()}
    return {latex: -value if sign < 0 and value is not None else value for latex, (sign, value) in values.items()}


def _strike(left: dict, right: dict, values: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Take out of both what is the same at every point: a term, and one or two of the other side."""
    for latex in list(left):
        for others in [*combinations(right, 1), *combinations(right, 2)]:
            if all(_same(here[latex], [there[one] for one in others]) for here, there in values):
                del left[latex]
                for one in others:
                    del right[one]
                break


def _same(value: Any, others: list[Any]) -> bool:
    try:
        return close(*torch.broadcast_tensors(value, sum(others)))
    except (RuntimeError, TypeError):  # of other shapes, or no numbers
        return False


def _multiple(value: Tensor, other: Tensor) -> float | None:
    """How many times the other one, where it is the same everywhere."""
    try:
        value, other = (one.detach().double() for one in torch.broadcast_tensors(value, other))
    except (RuntimeError, TypeError, AttributeError):
        return None
    ratio = (value / other)[other != 0]
    even = (
        ratio.numel()
        and bool(torch.isfinite(ratio).all())
        and float(ratio.std(correction=0)) <= 1e-6 * float(ratio.abs().max())
    )
    return float(ratio.mean()) if even else None


@cache
def _pinned(task: str) -> Reading:
    symbols = symbols_of(task)
    formula = next(one for one in every() if one.over == task)
    assert symbols is not None
    return read(formula.latex, symbols.result)


def _names(reading: Reading) -> Iterator[str]:
    sides = [side for result in reading.results for side in result.sides]
    sides += [definition.node for definition in reading.definitions.values()]
    for side in [*sides, *reading.claims]:
        yield from names_in(side)
