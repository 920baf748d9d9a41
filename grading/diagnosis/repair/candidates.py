"""The edits that are tried, in the order of how likely they are: each is one correction at one place."""

import ast
import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...contract.functions import Function
from .corrections import FAR, LIKELY, NEXT, REMOVING, Correction, Scope, corrections
from .operators import number
from .places import Place, line, places
from .sources import Definition

_BESIDE = ("self", "cls")


@dataclass(frozen=True, eq=False)
class Edit:
    """One correction in the student's code."""

    definition: Definition
    place: Place
    correction: Correction

    @cached_property
    def message(self) -> list[dict[str, Any]]:
        return together((self,))

    @property
    def line(self) -> int:
        """Where a student finds the piece that is wrong."""
        if self.correction.line is not None:
            return self.correction.line
        return getattr(self.place.piece, "lineno", getattr(self.place.statement, "lineno", self.definition.line))

    def settle(self) -> None:
        """Have what it puts there stand on its line, as the student's own pieces do: to be edited in turn."""
        own = set(map(id, ast.walk(self.definition.holder)))
        new = self.correction.replacement
        for root in new if isinstance(new, list) else [new] if new is not None else []:
            for node in ast.walk(root):
                if id(node) not in own and "lineno" in node._attributes:
                    vars(node).update(lineno=self.line, end_lineno=self.line, col_offset=0, end_col_offset=0)

    def change(self) -> tuple[str, str]:
        """The statement before and after, for staff."""
        before = line(self.place.statement)
        with self.place.holds(self.correction.replacement) as changed:
            return before, "; ".join(line(one) for one in changed)


Edits = tuple[Edit, ...]  # that are made together


def together(edits: Sequence[Edit], on_lines: bool = False) -> list[dict[str, Any]]:
    """What a worker is sent for edits that are made together: the new text of every definition concerned.

    ``on_lines``: with the line of each statement, so that a trace and an exception say those of the student's file.
    """
    concerned = {id(one.definition): one.definition for one in edits}.values()
    with made(edits):
        return [one.edit(ast.unparse(one.holder), on_lines) for one in concerned]


@contextlib.contextmanager
def made(edits: Sequence[Edit]) -> Iterator[None]:
    """With these edits in the trees, one after the other: a later one may be of what an earlier one has put there."""
    with contextlib.ExitStack() as stack:
        for one in edits:
            stack.enter_context(one.place.holds(one.correction.replacement))
        yield


def changes(edits: Sequence[Edit]) -> Iterator[tuple[str, str]]:
    """Of each its statement before and after, with those before it made already."""
    for i, one in enumerate(edits):
        with made(edits[:i]):
            yield one.change()


def candidates(
    found: list[Definition], ran: set[str], suspected: set[str], graded: Function, furthest: int = FAR
) -> list[Edit]:
    """Single edits of these definitions at lines that were run: the likeliest, then others at suspected lines, then the rest.

    What an exception goes through is suspected; its cause may lie before that. The first definition is the graded
    function's own. Of the likeliest ones, and of those that come next, each place has its first one tried before any
    place has its second: a number is not tried eight times before the next sign is. ``furthest``: the last tier.
    """
    edits = [
        (rank, Edit(definition, place, correction))
        for number, definition in enumerate(found)
        for place, scope in _places(definition, ran, {} if number else graded.defaults, furthest)
        for rank, correction in _ranked(one for one in corrections(place, scope) if one.tier <= furthest)
        if not (graded.network and correction.said in REMOVING)  # one without a broken layer runs, and proves nothing
    ]

    def order(ranked: tuple[int, Edit]) -> tuple[bool, bool, int, bool, int]:
        rank, edit = ranked
        tier = edit.correction.tier
        unsuspected = f"{edit.definition.file}:{edit.line}" not in suspected
        # A course's own class makes its tables in its constructor; in a network that is where the layers are.
        constructs = edit.definition.name == "__init__" and not graded.network
        late = unsuspected and (constructs or tier != LIKELY)
        return late, constructs, tier, unsuspected, rank if tier in (LIKELY, NEXT) else 0

    return [edit for _, edit in sorted(edits, key=order)]


def _ranked(those: Iterable[Correction]) -> Iterator[tuple[int, Correction]]:
    """Each with the number of those of its tier that come before it."""
    met: Counter[int] = Counter()
    for one in those:
        yield met[one.tier], one
        met[one.tier] += 1


def _places(
    definition: Definition, ran: set[str], defaults: dict[str, str], furthest: int
) -> Iterator[tuple[Place, Scope]]:
    tree = definition.holder
    block, position = (tree.body[0], 0) if isinstance(tree.body[0], ast.ClassDef) else (tree, 0)
    while isinstance(inner := block.body[0], ast.ClassDef):  # type: ignore[attr-defined]
        block = inner
    assigned = _assigned(definition.node)
    numbers = tuple(dict.fromkeys(v for one in ast.walk(definition.node) if (v := number(one)) is not None))
    attributes, functions = _attributes(definition.node), _functions(definition.node, assigned)
    for place in places(block, position, definition.path[-1], _is_left_out):
        first, last = _own_lines(place.statement)
        run = place.statement is definition.node or any(f"{definition.file}:{n}" in ran for n in range(first, last + 1))
        if run:
            names = tuple(name for name, since in assigned.items() if since <= last and name not in _BESIDE)
            yield place, Scope(names, numbers, attributes, functions, defaults, definition.constants, furthest)


def _is_left_out(node: ast.AST) -> bool:
    """What only refuses arguments, or brings names in."""
    return isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal)


def _own_lines(statement: ast.stmt) -> tuple[int, int]:
    """The first and the last line of a statement, without the block that it governs."""
    block = getattr(statement, "body", [])
    last = block[0].lineno - 1 if isinstance(block, list) and block else statement.end_lineno or statement.lineno
    return statement.lineno, max(last, statement.lineno)


def _assigned(node: ast.stmt) -> dict[str, int]:
    """Parameters and local names, with the line from which on each of them stands for something."""
    since: dict[str, int] = {}
    inner = {
        id(name) for one in ast.walk(node) if isinstance(one, ast.comprehension) for name in ast.walk(one.target)
    }  # names that live in a comprehension only
    for one in ast.walk(node):
        if isinstance(one, ast.arg):
            since.setdefault(one.arg, one.lineno)
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and id(one) not in inner:
            since[one.id] = min(one.lineno, since.get(one.id, one.lineno))
    return since


def _attributes(node: ast.stmt) -> dict[str, tuple[str, ...]]:
    """The attributes that are read of each object in this definition."""
    called = {id(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
    found: dict[str, dict[str, None]] = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and id(one) not in called:
            found.setdefault(one.value.id, {})[one.attr] = None
    return {name: tuple(attributes) for name, attributes in found.items()}


def _functions(node: ast.stmt, names: Iterable[str]) -> tuple[str, ...]:
    """The functions, not methods of a value, that are called with one argument in this definition, or could be."""
    calls = (one for one in ast.walk(node) if isinstance(one, ast.Call) and len(one.args) == 1 and not one.keywords)
    called = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
    return tuple(dict.fromkeys([*called, *(name for name in names if name.endswith("_fn"))]))
