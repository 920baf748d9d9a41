"""The pieces of a definition, each with the place that it stands in, and a way to put another one there for a moment."""

import ast
import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .operators import Replacement

OMITTED = ("annotation", "returns", "bases", "type_comment")
LeftOut = Callable[[ast.AST], bool]  # pieces that nothing is put in the place of


@dataclass(frozen=True)
class Place:
    """A piece of a statement, and the field of the node that holds it; ``index`` is None where that is no list."""

    scope: str
    statement: ast.stmt
    piece: ast.AST
    holder: ast.AST
    name: str
    index: int | None

    @contextlib.contextmanager
    def holds(self, replacement: Replacement) -> Iterator[list[ast.stmt]]:
        """With the piece exchanged for another one; yields the statements that stand there then."""
        old = getattr(self.holder, self.name)
        new = replacement if isinstance(replacement, list) else [] if replacement is None else [replacement]
        nothing = ast.copy_location(ast.Pass(), self.statement)
        if self.index is None:
            setattr(self.holder, self.name, replacement)
        else:
            inserted = new or ([nothing] if isinstance(self.piece, ast.stmt) else [])
            setattr(self.holder, self.name, [*old[: self.index], *inserted, *old[self.index + 1 :]])
        try:
            whole = self.piece is self.statement
            yield (new or [nothing]) if whole else [self.statement]  # type: ignore[misc]
        finally:
            setattr(self.holder, self.name, old)


def places(holder: ast.AST, position: int, scope: str, left_out: LeftOut, block: str = "body") -> Iterator[Place]:
    """Every piece of a statement and of the statements in its block, but for what is left out."""
    statement = getattr(holder, block)[position]
    if left_out(statement):
        return
    yield Place(scope, statement, statement, holder, block, position)
    for inner_holder, name, index in pieces(statement, left_out):
        value = getattr(inner_holder, name)
        yield Place(scope, statement, value if index is None else value[index], inner_holder, name, index)
    for name in ("body", "orelse"):
        for i, inner in enumerate(getattr(statement, name, [])):
            nested = isinstance(inner, ast.FunctionDef | ast.ClassDef)
            yield from places(statement, i, f"{scope}.{inner.name}" if nested else scope, left_out, name)


def pieces(node: ast.AST, left_out: LeftOut) -> Iterator[tuple[ast.AST, str, int | None]]:
    """The pieces of a statement's own line, each by the field that holds it."""
    for name, value in ast.iter_fields(node):
        if name in OMITTED or (isinstance(value, list) and value and isinstance(value[0], ast.stmt)):
            continue
        for i, inner in enumerate(value) if isinstance(value, list) else [(None, value)]:
            part_of_number = isinstance(node, ast.UnaryOp) and isinstance(inner, ast.Constant)  # -1 is one number
            if isinstance(inner, ast.AST) and not isinstance(inner, ast.JoinedStr) and not part_of_number:
                if left_out(inner):
                    continue
                yield node, name, i
                yield from pieces(inner, left_out)


def drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]


def line(statement: ast.stmt) -> str:
    """A statement as one line, without the block that it governs; "nothing" for ``pass``."""
    bare: Any = copy.copy(statement)
    if hasattr(bare, "body"):
        bare.body = [ast.Pass()]
    if hasattr(bare, "orelse"):
        bare.orelse = []
    return " ".join(ast.unparse(bare).removesuffix("pass").split()) or "nothing"
