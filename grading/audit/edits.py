"""Small edits of other people's right solutions: the same operators as of the reference's mutants, in the source as it is.

Only the replaced piece is written anew. The rest of the file keeps its lines and its looks, so that what a report says
of a line can be held against the line that was edited.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from ..diagnosis.repair.operators import Replacement, replacements
from ..diagnosis.repair.places import Place, pieces, places
from .mutants import compiled, is_left_out
from .reach import Solution, Unit


@dataclass(frozen=True)
class Edit:
    """One piece of a file, by its bytes, and what stands there instead."""

    unit: Unit
    operator: str
    start: int
    end: int
    before: str
    after: str
    statement: tuple[int, int]  # its first and last line, without the block that it governs

    def __str__(self) -> str:
        before, after = (" ".join(text.split()) or "nothing" for text in (self.before, self.after))
        return f"{self.unit.file}:{self.statement[0]} {self.unit.name}: {before} → {after}"


@dataclass(frozen=True)
class Candidate:
    """An edit that has not been written yet."""

    unit: Unit
    operator: str
    place: Place
    replacement: Replacement


def candidates(solution: Solution, unit: Unit) -> dict[str, list[Candidate]]:
    """All edits of a unit's body, by operator. Nothing is edited that runs at import."""
    node = solution.nodes[unit]
    used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} | {"min", "max"}
    local = _local_names(node) if isinstance(node, ast.FunctionDef) else _local_names(node.value)  # type: ignore[attr-defined]
    found: dict[str, list[Candidate]] = {}
    for place in _body(node, unit.name):
        others = [*replacements(place.piece), *(("scope", other) for other in _names_in_scope(place.piece, local))]
        for operator, replacement in others:
            if operator == "name" and isinstance(replacement, ast.Name) and replacement.id not in used:
                continue  # there is no such variable here
            found.setdefault(operator, []).append(Candidate(unit, operator, place, replacement))
    return found


def written(solution: Solution, candidate: Candidate) -> Edit | None:
    """The edit as bytes of its file; None where it compiles to the same code, or where the text means something else."""
    unit, place = candidate.unit, candidate.place
    source = solution.sources[unit.file].encode()
    start, end = _span(source, place.piece)
    with place.holds(candidate.replacement):
        meant = ast.dump(solution.trees[unit.file])
    for text in _texts(candidate.replacement, _column(place.piece)):
        changed = (source[:start] + text.encode() + source[end:]).decode()
        try:
            says = ast.dump(ast.parse(changed))
        except SyntaxError:
            continue
        if says == meant and compiled(changed) != compiled(source.decode()):
            own = (place.statement.lineno, _last_line(place.statement))
            return Edit(unit, candidate.operator, start, end, source[start:end].decode(), text, own)
    return None


def applied(source: str, edits: list[Edit]) -> tuple[str, dict[Edit, tuple[int, int]]]:
    """A file with these edits of it, none within another, and the lines on which each edited statement stands now."""
    text, moved = source.encode(), 0
    lines: dict[Edit, tuple[int, int]] = {}
    for edit in sorted(edits, key=lambda edit: edit.start):
        longer = edit.after.count("\n") - edit.before.count("\n")
        first, last = edit.statement
        lines[edit] = first + moved, max(first, last + longer) + moved
        moved += longer
    for edit in sorted(edits, key=lambda edit: -edit.start):
        text = text[: edit.start] + edit.after.encode() + text[edit.end :]
    return text.decode(), lines


def _body(node: ast.stmt, scope: str) -> Iterator[Place]:
    if isinstance(node, ast.FunctionDef):
        for i in range(ast.get_docstring(node) is not None, len(node.body)):
            yield from places(node, i, scope, is_left_out)
        return
    for function in ast.walk(node):
        if isinstance(function, ast.Lambda):
            yield Place(scope, node, function.body, function, "body", None)
            for holder, name, index in pieces(function.body, is_left_out):
                value = getattr(holder, name)
                yield Place(scope, node, value if index is None else value[index], holder, name, index)


def _local_names(node: ast.AST) -> dict[str, int]:
    """The variables of a function, each with the line from which on it has a value."""
    functions = [one for one in ast.walk(node) if isinstance(one, ast.FunctionDef | ast.Lambda)]
    found: dict[str, int] = {}
    for argument in functions[0].args.args if functions else []:
        found[argument.arg] = 0
    for name in _stored(node):
        found.setdefault(name.id, name.end_lineno or 0)
    return {name: line for name, line in found.items() if name not in ("self", "cls", "ctx")}


def _stored(node: ast.AST) -> Iterator[ast.Name]:
    """What is assigned in a function itself, not in one within it and not in a comprehension."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner
        if not isinstance(inner, ast.FunctionDef | ast.Lambda | ast.comprehension):
            yield from _stored(inner)


def _names_in_scope(piece: ast.AST, local: dict[str, int]) -> Iterator[ast.Name]:
    """Another variable that has a value where one is used."""
    if isinstance(piece, ast.Name) and isinstance(piece.ctx, ast.Load) and piece.id in local:
        known = sorted(name for name, line in local.items() if line < piece.lineno and name != piece.id)
        yield from (ast.Name(other, ast.Load()) for other in known)


def _texts(replacement: Replacement, indent: int) -> Iterator[str]:
    """How a replacement may be written: as it is, or in brackets."""
    if replacement is None:
        yield "pass"
    elif isinstance(replacement, list | ast.stmt):
        statements = replacement if isinstance(replacement, list) else [replacement]
        yield "\n".join(map(ast.unparse, statements)).replace("\n", "\n" + " " * indent)
    else:
        yield ast.unparse(replacement)
        yield f"({ast.unparse(replacement)})"


def _span(source: bytes, piece: ast.AST) -> tuple[int, int]:
    starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]
    decorators = getattr(piece, "decorator_list", [])
    first = decorators[0].lineno if decorators else piece.lineno  # type: ignore[attr-defined]
    start = starts[first - 1] + piece.col_offset  # type: ignore[attr-defined]
    return start, starts[piece.end_lineno - 1] + piece.end_col_offset  # type: ignore[attr-defined]


def _column(piece: ast.AST) -> int:
    return piece.col_offset  # type: ignore[attr-defined, no-any-return]


def _last_line(statement: ast.stmt) -> int:
    body = getattr(statement, "body", None)
    inner = body[0].lineno - 1 if isinstance(body, list) and body else statement.end_lineno
    return max(statement.lineno, inner or 0)
