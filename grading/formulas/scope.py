"""What a symbol means at one place of a formula: bound there, defined by the formula, or known of the function.

A scope has four floors, asked from above: what is bound (the index of a sum, an argument), what the formula defines, how a
course or a paper writes the symbols, the table of the function. What is bound is seen by everything below.
"""

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from typing import Any

import torch

from .latex import NotUnderstood, parse
from .latex.tree import Applied, Listed, Name, Node, Product, names_in, spelling_of

# An argument's name, LaTeX in the same table's symbols, or a function of the arguments.
Source = str | Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Family:
    """A symbol with indices: ``of`` gets their values."""

    of: Callable[..., Any]
    whole: Any = None  # what it is without an index, if anything


@dataclass(frozen=True)
class Range:
    """An index and the whole numbers that it takes, both ends included."""

    low: int
    high: int

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.low, self.high + 1))


@dataclass(frozen=True)
class Definition:
    """By the formula itself: what stands on the right, for arguments where it is a function."""

    node: Node
    parameters: tuple[str, ...] = ()
    name: Name | None = None


@dataclass(frozen=True)
class Alias:
    """How somebody writes something: LaTeX in the table's symbols; of a function, with its arguments' names."""

    latex: str
    parameters: tuple[str, ...] = ()


Notation = Mapping[str, Alias]  # by spelling; of functions, with "()" after it


class NotKnown(NotUnderstood):
    """A symbol that means nothing here."""

    def __init__(self, name: Name, known: list[str]) -> None:
        super().__init__(f"{shown(name.spelling)} is not known here", name.start, name.end)
        self.known = known


@dataclass(frozen=True)
class Scope:
    table: Mapping[str, Source]
    arguments: Mapping[str, Any]
    evaluate: Callable[[Node, "Scope"], Any]
    notation: Notation = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    bound: Mapping[str, Any] = field(default_factory=dict)
    per_sample: bool = False  # below an expectation or a gradient a norm is one number per sample

    def binding(self, values: Mapping[str, Any]) -> "Scope":
        return replace(self, bound={**self.bound, **values})

    def known(self) -> list[str]:
        written = {name for name, alias in self.notation.items() if self._has_meaning(alias)}
        there = ({*self.bound, *self.definitions, *self.table} | written) - {*BUILT_IN, "𝔼", "∇"}
        return sorted({shown(one.removesuffix("()")) for one in there}, key=_plainly)

    def _has_meaning(self, alias: Alias) -> bool:
        """Whether a way to write something is one for this function."""
        return all(
            name in alias.parameters or name in self.table or name.split("_")[0] in self.table
            for name in names_in(as_side(alias.latex))
        )

    def has(self, spelling: str) -> bool:
        return any(spelling in floor for floor in (self.bound, self.definitions, self.notation, self.table))

    def value(self, name: Name) -> Any:
        """What a name stands for here.

        Raises:
            NotKnown: it stands for nothing.
        """
        if self.has(name.spelling):
            found = self._found(name.spelling, name)
            return found.whole if isinstance(found, Family) and found.whole is not None else found
        whole = replace(name, below=())
        if name.below and self.has(whole.spelling):
            family = self._found(whole.spelling, name)
            if isinstance(family, Family):
                return family.of(*(self.evaluate(index, self) for index in _apart(name.below)))
        for spelling, definition in self.definitions.items():  # ε_i = … says what ε_1 is
            if indices := _indices_of(definition.name, name):
                return self.binding(self._values(indices))._defined(spelling, definition)
        raise NotKnown(name, self.known())

    def called(self, at: Name, arguments: tuple[Node, ...]) -> Any:
        """A function as somebody's notation has it; only what its meaning names of its arguments is evaluated."""
        alias = self.notation[f"{at.spelling}()"]
        node = as_side(alias.latex)
        mentioned = set(names_in(node))
        values = {
            parameter: self.evaluate(argument, self)
            for parameter, argument in zip(alias.parameters, arguments)
            if parameter in mentioned
        }
        return self.binding(values)._meaning(node, at)

    def _values(self, indices: Mapping[str, Node]) -> dict[str, Any]:
        return {spelling: self.evaluate(node, self) for spelling, node in indices.items()}

    def _meaning(self, node: Node, at: Name) -> Any:
        """What a symbol is said to be in the table's symbols; what is wrong there is wrong at the symbol's own place."""
        try:
            return self.evaluate(node, replace(self, definitions={}, notation={}))
        except NotKnown as error:
            raise NotKnown(at, self.known()) from error
        except NotUnderstood as error:
            raise NotUnderstood(error.why, at.start, at.end) from error

    def _found(self, spelling: str, at: Name) -> Any:
        if spelling in self.bound:
            return self.bound[spelling]
        if spelling in self.definitions:
            return self._defined(spelling, self.definitions[spelling])
        if spelling in self.notation:
            return self._meaning(as_side(self.notation[spelling].latex), at)
        source = self.table[spelling]
        if not isinstance(source, str):
            return as_number(source(self.arguments))
        if source in self.arguments:
            return as_number(self.arguments[source])
        return self._meaning(as_side(source), at)

    def _defined(self, spelling: str, definition: Definition) -> Any:
        rest = {name: one for name, one in self.definitions.items() if name != spelling}
        inner = replace(self, definitions=rest)
        if not definition.parameters:
            return self.evaluate(definition.node, inner)

        def function(*values: Any) -> Any:
            return self.evaluate(definition.node, inner.binding(dict(zip(definition.parameters, values))))

        return function


def as_number(value: Any) -> Any:
    """Numbers as float64 tensors, so that one arithmetic holds for all; anything else as it is."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return torch.tensor(float(value), dtype=torch.float64)
    return value


def canonical(written: str) -> str:
    """The one spelling of a symbol: of ``\\bar\\alpha_t`` and of ``ᾱ_t``.

    Raises:
        NotUnderstood: it is no symbol.
    """
    side = parse(written)[0].chain.sides[0]
    if not spelling_of(side):
        raise NotUnderstood("expected one symbol", 0, len(written))
    return spelling_of(side)


def notation(written: Mapping[str, str]) -> dict[str, Alias]:
    """What a course or a paper writes, by spelling.

    Raises:
        NotUnderstood: a key that is no symbol, or a meaning that is no formula.
    """
    aliases = {}
    for key, latex in written.items():
        as_side(latex)
        side = parse(key)[0].chain.sides[0]
        arguments = side.arguments if isinstance(side, Applied) else ()
        parameters = tuple(one.spelling if isinstance(one, Name) else "" for one in arguments)
        aliases[canonical(key) + "()" * isinstance(side, Applied)] = Alias(latex, parameters)
    return aliases


def table(sources: Mapping[str, Source]) -> dict[str, Source]:
    """A table under canonical spellings."""
    return {written if written in ("𝔼", "∇") else canonical(written): source for written, source in sources.items()}


@cache
def as_side(latex: str) -> Node:
    """LaTeX that is one side of a formula."""
    return parse(latex)[0].chain.sides[0]


def _apart(indices: tuple[Node, ...]) -> tuple[Node, ...]:
    """x_{ij} has two indices."""
    (first, *rest) = indices
    if not rest and isinstance(first, Product) and all(isinstance(one, Name) for one in first.factors):
        return first.factors
    return first.items if isinstance(first, Listed) and not rest else indices  # type: ignore[return-value]


def _indices_of(defined: Name | None, asked: Name) -> dict[str, Node]:
    """What the letters are, in which a symbol was defined, where it is asked for with other indices."""
    if (
        defined is None
        or len(defined.below) != len(asked.below)
        or replace(defined, below=()).spelling != replace(asked, below=()).spelling
    ):
        return {}
    if not all(isinstance(one, Name) and len(one.spelling) == 1 for one in defined.below):
        return {}
    return {one.spelling: node for one, node in zip(defined.below, asked.below) if isinstance(one, Name)}


def shown(spelling: str) -> str:
    """With accents on their letters: ᾱ is one character."""
    return unicodedata.normalize("NFC", spelling)


def _plainly(spelling: str) -> tuple[int, str]:
    return len(spelling), spelling


BUILT_IN: dict[str, Source] = {
    "e": lambda _: as_number(math.e),
    "π": lambda _: as_number(math.pi),
    "I": lambda _: as_number(1),  # the identity, as a factor
    "exp": lambda _: torch.exp,
    "log": lambda _: torch.log,
    "ln": lambda _: torch.log,
    "sin": lambda _: torch.sin,
    "cos": lambda _: torch.cos,
    "tanh": lambda _: torch.tanh,
    "min": lambda _: lambda *values: reduce(torch.minimum, values),
    "max": lambda _: lambda *values: reduce(torch.maximum, values),
    "mean": lambda _: torch.mean,
    "tr": lambda _: lambda matrix: matrix.trace(),
    "sg": lambda _: torch.Tensor.detach,
}
