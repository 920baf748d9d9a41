"""What a formula is made of. Each node knows where in the LaTeX it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields


class NotUnderstood(Exception):
    """A place in a formula that the grammar has no reading for."""

    def __init__(self, why: str, start: int, end: int | None = None) -> None:
        super().__init__(why)
        self.why, self.start, self.end = why, start, end if end is not None else start + 1


@dataclass(frozen=True)
class Node:
    start: int = field(compare=False)
    end: int = field(compare=False)


@dataclass(frozen=True)
class Number(Node):
    value: float


@dataclass(frozen=True)
class Name(Node):
    """A symbol: a letter or word, its accents, indices and primes."""

    base: str  # with accents: "ᾱ" in two characters
    below: tuple[Node, ...] = ()  # the indices
    mark: str = ""  # primes, and what stands above without being a power: "'", "*", "down"

    @property
    def spelling(self) -> str:
        """One spelling for all ways to write it; ``x_{t'}``, ``ᾱ_prev``."""
        return self.base + self.mark + (f"_{below_spelling(self.below)}" if self.below else "")


def below_spelling(indices: tuple[Node, ...]) -> str:
    inner = ",".join(spelled(one) for one in indices)
    return inner if inner.isalnum() or len(inner) == 1 else f"{{{inner}}}"


@dataclass(frozen=True)
class Sum(Node):
    terms: tuple[tuple[int, Node], ...]  # sign and term


@dataclass(frozen=True)
class Product(Node):
    factors: tuple[Node, ...]


@dataclass(frozen=True)
class Quotient(Node):
    above: Node
    below: Node


@dataclass(frozen=True)
class Power(Node):
    of: Node
    exponent: Node


@dataclass(frozen=True)
class Transposed(Node):
    of: Node


@dataclass(frozen=True)
class Root(Node):
    of: Node


@dataclass(frozen=True)
class Size(Node):
    """|x|, or ‖x‖ with the order of the norm."""

    of: Node
    norm: Node | None = None
    is_norm: bool = False


@dataclass(frozen=True)
class Floor(Node):
    of: Node


@dataclass(frozen=True)
class Applied(Node):
    """A name before brackets: a call if it names a function, else a product. Only the symbols can tell."""

    to: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Indexed(Node):
    """One entry of what is no name: G(z)_b."""

    of: Node
    indices: tuple[Node, ...]


@dataclass(frozen=True)
class Over(Node):
    """∑ or ∏ over indices, with or without limits."""

    kind: str
    indices: tuple[Name, ...]
    low: Node | None
    high: Node | None
    of: Node


@dataclass(frozen=True)
class Expectation(Node):
    over: tuple[str, ...]
    of: Node


@dataclass(frozen=True)
class Gradient(Node):
    by: Name | None
    of: Node


@dataclass(frozen=True)
class ArgMin(Node):
    by: Name
    of: Node


@dataclass(frozen=True)
class Cases(Node):
    rows: tuple[tuple[Node, Node | None], ...]  # value and condition; None: else


@dataclass(frozen=True)
class Chain(Node):
    """Sides with relations between them: a = b = c, 0 ≤ i < n."""

    sides: tuple[Node, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Both(Node):
    conditions: tuple[Node, ...]


@dataclass(frozen=True)
class Listed(Node):
    """(a, b, …, c); ``…`` is None."""

    items: tuple[Node | None, ...]
    brackets: str = "("


@dataclass(frozen=True)
class Span(Node):
    """a … b: whole numbers from a to b."""

    low: Node
    high: Node


@dataclass(frozen=True)
class Composed(Node):
    """f_n ∘ … ∘ f_1, or f ∘ g."""

    functions: tuple[Node | None, ...]


@dataclass(frozen=True)
class Statement:
    """What stands between two commas or blanks of a formula; ``otherwise``: after "or"."""

    chain: Chain
    otherwise: bool = False


def children(node: Node) -> Iterator[Node]:
    for one in fields(node):
        yield from _nodes(getattr(node, one.name))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _nodes(one)


def names_in(node: Node) -> Iterator[str]:
    """Every symbol in it, as it is spelled."""
    if isinstance(node, Name):
        yield node.spelling
    for one in children(node):
        yield from names_in(one)


def spelled(node: Node) -> str:
    """An index as it is spelled within a symbol: ``t-1``, ``t'``, ``prev``, ``i+1,j``."""
    if isinstance(node, Name):
        return node.spelling
    if isinstance(node, Number):
        return f"{node.value:g}"
    if isinstance(node, Sum):
        text = "".join(("-" if sign < 0 else "+") + spelled(term) for sign, term in node.terms)
        return text.removeprefix("+")
    if isinstance(node, Product):
        return "".join(spelled(factor) for factor in node.factors)
    if isinstance(node, Listed):
        return ",".join("…" if one is None else spelled(one) for one in node.items)
    if isinstance(node, Quotient):
        return f"{spelled(node.above)}/{spelled(node.below)}"
    return "?"


def spelling_of(node: Node) -> str:
    """The symbol that stands alone on a side: f of f(x), d^2 of d², ∇L of ∇L; nothing where there is none."""
    if isinstance(node, Power) and isinstance(node.of, Name):
        return f"{node.of.spelling}^{spelled(node.exponent)}"
    if isinstance(node, Gradient):
        inner = spelling_of(node.of)
        return ("∇" + (f"_{spelled(node.by)}" if node.by else "") + inner) if inner else ""
    node = node.to if isinstance(node, Applied) else node
    return node.spelling if isinstance(node, Name) else ""
