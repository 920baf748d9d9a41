"""Formulas held against their functions: those of the docstrings, those of courses and papers, and whatever is asked about."""

from collections.abc import Mapping

from .agreement import Difference, differences
from .docstrings import Formula
from .latex import NotUnderstood, parse
from .latex.tree import Name
from .reading import Reading, read
from .scope import Notation, as_side
from .sources import Equation, load
from .symbols import Symbols, symbols_of

SEED = 20241206


def of_docstring(formula: Formula, seed: int = SEED, latex: str | None = None) -> list[Difference] | None:
    """Where a formula of the reference differs from its function; None where there is nothing to evaluate it with.

    ``latex``: another formula in its place.

    Raises:
        NotUnderstood: there is no reading, or something in it has no value.
    """
    symbols = symbols_of(formula.over) if formula.number == 1 else None
    if symbols is None:
        return None
    reading = read(latex or formula.latex, symbols.result)
    if strange := {one.name for one in reading.results} - {"", *symbols.result}:
        raise NotUnderstood(f"{strange.pop()} is not the function's result", 0, len(reading.latex))
    return differences(reading, symbols, list(symbols.points(seed)))


def of_equation(equation: Equation, seed: int = SEED, mended: bool = False) -> list[Difference]:
    """Where an equation of a course or a paper, read as its source writes, differs from the function of its task."""
    symbols = symbols_of(equation.task)
    assert symbols is not None, f"{equation.task} has no symbols"
    notation = load(equation.source).notation(equation)
    latex = equation.mended if mended else equation.latex
    reading = claim(latex) if equation.defines else reading_of(latex, symbols, notation)
    return differences(reading, symbols, list(symbols.points(seed)), notation)


def reading_of(latex: str, symbols: Symbols, notation: Notation) -> Reading:
    """A formula whose result is called as the function's table calls it, or as a notation does."""
    return read(latex, (*symbols.result, *_called(notation, symbols.result)))


def claim(latex: str) -> Reading:
    """A formula that says what its own symbols are: both sides have one value."""
    return Reading(latex, claims=[statement.chain for statement in parse(latex)])


def _called(notation: Notation, results: tuple[str, ...]) -> tuple[str, ...]:
    meant: Mapping[str, object] = {name: as_side(alias.latex) for name, alias in notation.items()}
    return tuple(name for name, node in meant.items() if isinstance(node, Name) and node.spelling in results)
