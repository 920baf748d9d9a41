"""What the statements of a formula say: which is the result, which define, which have to hold, which only tell."""

from dataclasses import dataclass, field

from .latex import parse
from .latex.tree import Applied, Chain, Name, Node, Number, Span, Statement, children, spelling_of
from .scope import Definition

EQUAL = ("=", "≈", "←", "∼")


@dataclass(frozen=True)
class Result:
    """Sides that are each the result; ``otherwise``: another case, after "or"."""

    sides: tuple[Node, ...]
    name: str = ""
    otherwise: bool = False


@dataclass
class Reading:
    """A formula, its statements sorted by what they are for."""

    latex: str
    results: list[Result] = field(default_factory=list)
    definitions: dict[str, Definition] = field(default_factory=dict)
    again: list[tuple[Node, Node]] = field(default_factory=list)  # a definition's further sides have the same value
    ranges: dict[str, Span] = field(default_factory=dict)  # the result is one value for each of these
    claims: list[Chain] = field(default_factory=list)  # what has to hold besides


def read(latex: str, results: tuple[str, ...]) -> Reading:
    """A formula for a function whose result is called one of ``results``, or is not named.

    Raises:
        NotUnderstood: there is no reading, with the place.
    """
    reading = Reading(latex)
    statements = parse(latex)
    for place, statement in enumerate(statements):
        _sort(reading, statement, results, statements[place + 1 :])
    if not reading.results:  # the first thing that is said is what a formula is about
        first = next((one for one in statements if one.chain.relations), statements[0]).chain
        reading.definitions.pop(spelling_of(first.sides[0]), None)
        reading.claims = [claim for claim in reading.claims if claim is not first]
        reading.results.append(Result(first.sides[1:] or first.sides, spelling_of(first.sides[0])))
    return reading


def _sort(reading: Reading, statement: Statement, results: tuple[str, ...], later: list[Statement]) -> None:
    first, *others = statement.chain.sides
    name, relation = spelling_of(first), next(iter(statement.chain.relations), "")
    if not relation:
        if not isinstance(first, Name) or not reading.results:  # else words follow that tell what it is
            reading.results.append(Result((first,), otherwise=statement.otherwise))
    elif isinstance(others[0], Span):
        reading.ranges[name] = others[0]
    elif name in results and relation in EQUAL and not _comes_again(name, later):
        reading.results.append(Result(tuple(others), name, statement.otherwise))
    elif isinstance(first, Name | Applied) and relation in EQUAL:
        if relation != "∼" or not _is_drawn(others[0]):
            _define(reading, first, others)
    elif not _is_a_kind(others[-1]):
        reading.claims.append(statement.chain)


def _define(reading: Reading, first: Node, others: list[Node]) -> None:
    parameters = tuple(spelling_of(one) for one in first.arguments) if isinstance(first, Applied) else ()
    if isinstance(first, Applied) and not all(parameters):  # f(0) = 1 says something of f
        reading.again.append((first, others[0]))
        return
    named = first if isinstance(first, Name) else None
    reading.definitions[spelling_of(first)] = Definition(others[0], parameters, named)
    reading.again += [(others[0], other) for other in others[1:] if not isinstance(other, Number)]


def _comes_again(name: str, later: list[Statement]) -> bool:
    """A result that a later statement changes, x ← …, is not the result yet."""
    return any(one.chain.relations[:1] == ("←",) and spelling_of(one.chain.sides[0]) == name for one in later)


def _is_drawn(node: Node) -> bool:
    """From 𝒩(0, I): where a number comes from is no definition."""
    return spelling_of(node) in ("𝒩", "N", "U")


def _is_a_kind(node: Node) -> bool:
    """ℝ^n says of what kind something is."""
    return any(isinstance(one, Name) and one.base == "ℝ" for one in (node, *children(node)))
