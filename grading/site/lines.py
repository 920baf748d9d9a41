"""Lines of the reference as formulas: what stands beside the code.

A statement that computes with numbers and images is written as a formula over the module's symbols; any other has none.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent

from .definitions import Definition

_MODULES = ("math", "torch", "F")
_EVERYWHERE = {"abar_t": "ᾱ_t", "abar_prev": r"ᾱ_{prev}", "x_T": "x_T"}  # in whatever module
_AS_IT_IS = ("clone", "detach", "float")  # what a formula says nothing of


@dataclass(frozen=True)
class Block:
    """Statements that belong together, and what they compute."""

    code: str
    first_line: int
    formulas: tuple[str, ...] = ()


def blocks(definition: Definition, symbols: Mapping[str, str]) -> list[Block]:
    """The signature, then the body piece by piece; the docstring stands elsewhere on the page."""
    lines = definition.module_source.splitlines()
    pieces: list[tuple[int, int, tuple[str, ...]]] = [
        (definition.first_line - 1, definition.node.body[0].lineno - 1, ())
    ]
    end = definition.node.body[0].end_lineno or 0
    for statement in definition.node.body[1:]:
        formulas = tuple(_formulas(statement, symbols))
        start, end = end, statement.end_lineno or 0  # comments belong to what follows
        if not formulas and len(pieces) > 1 and not pieces[-1][2]:
            start = pieces.pop()[0]
        pieces.append((start, end, formulas))
    return [
        Block(dedent("\n".join(lines[start:end])).strip("\n"), start + 1, formulas) for start, end, formulas in pieces
    ]


def _formulas(statement: ast.stmt, symbols: Mapping[str, str]) -> Sequence[str]:
    found = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            left, right = _written(node.targets[0], symbols), _written(node.value, symbols)
            found.append(f"{left} = {right}" if left and right else "")
        elif isinstance(node, ast.Return) and node.value is not None:
            found.append(_written(node.value, symbols))
    return [one for one in found if any(sign in one for sign in ("+", "-", r"\frac", r"\sqrt", r"\,", "^"))]


def _written(node: ast.expr, symbols: Mapping[str, str]) -> str:
    """Empty where it is no formula."""
    match node:
        case ast.Name(id=name):
            return symbols.get(name) or _EVERYWHERE.get(name) or (name if len(name) == 1 else rf"\text{{{name}}}")
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return str(value)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _filled("-%s", _factor(inner, symbols))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _filled(r"\frac{%s}{%s}", _written(left, symbols), _written(right, symbols))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _filled("%s^{%s}", _factor(left, symbols), _written(right, symbols))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _filled(r"%s\, %s", _factor(left, symbols), _factor(right, symbols))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _filled("%s + %s", _written(left, symbols), _written(right, symbols))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _filled("%s - %s", _written(left, symbols), _factor(right, symbols))
        case ast.Call():
            return _call(node, symbols)
    return ""


def _call(node: ast.Call, symbols: Mapping[str, str]) -> str:
    """Of a function, or of a method, whose tensor is then its argument."""
    of, name = _called(node)
    inner = [of, *node.args] if of is not None else node.args
    written = [_written(one, symbols) for one in inner]
    if name == "sqrt":
        return _filled(r"\sqrt{%s}", *written)
    if name == "square":
        return _filled("%s^2", _factor(inner[0], symbols))
    if name == "add" and [one.arg for one in node.keywords] == ["alpha"]:
        return _filled(r"%s + %s\, %s", written[0], _factor(node.keywords[0].value, symbols), written[1])
    if name in _AS_IT_IS:
        return written[0]
    named = name and of is None and not node.keywords and written and all(written)
    return rf"\text{{{name}}}({', '.join(written)})" if named else ""


def _called(node: ast.Call) -> tuple[ast.expr | None, str]:
    """The tensor whose method it is, where it is one, and the name."""
    if isinstance(node.func, ast.Attribute):
        is_module = isinstance(node.func.value, ast.Name) and node.func.value.id in _MODULES
        return None if is_module else node.func.value, node.func.attr
    return None, getattr(node.func, "id", "")


def _factor(node: ast.expr, symbols: Mapping[str, str]) -> str:
    """In brackets where it is a sum."""
    written = _written(node, symbols)
    while isinstance(node, ast.Call) and _called(node)[1] in _AS_IT_IS:
        node = _called(node)[0] or node.args[0]
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
    return rf"\left({written}\right)" if is_sum and written else written


def _filled(form: str, *parts: str) -> str:
    return form % parts if all(parts) else ""
