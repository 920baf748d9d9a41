"""What a kit leaves blank, and whether it is filled in: read off the student's text, which is parsed and never run.

A blank is a variable that is None or ``...``, to be computed by the student, or a function with nothing in it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Blank:
    function: str  # that holds it, "DDPMScheduler.step"
    variable: str = ""  # that is to be computed; none where the whole function is blank
    inside: str = ""  # only in a branch whose condition has this word
    outside: str = ""  # only where no branch's condition has it

    def unfilled(self, tree: ast.Module) -> int | None:
        """The line of what is still as the kit gave it; None where something was written, or all of it taken away."""
        function = find(tree, self.function)
        if function is None:
            return None
        if not self.variable:
            return function.lineno if _does_nothing(function) else None
        placeholder = None
        for statement in _statements(function.body, self.inside, self.outside):
            value = _assigned(statement, self.variable)
            if value is None:
                continue
            if isinstance(value, ast.Constant) and value.value in (None, ...):
                placeholder = statement.lineno
            elif not _reads(
                value, self.variable
            ):  # nothing can be made of a placeholder: that is the kit's own next line
                placeholder = None
        return placeholder


def find(tree: ast.Module, path: str) -> Function | None:
    """The function or method of this path; where a file defines it again, the last one counts."""
    body: list[ast.stmt] = tree.body
    *classes, name = path.split(".")
    for outer in classes:
        held = [node for node in body if isinstance(node, ast.ClassDef) and node.name == outer]
        body = held[-1].body if held else []
    found = [node for node in body if isinstance(node, Function) and node.name == name]
    return found[-1] if found else None


def top_level(tree: ast.Module) -> set[str]:
    """The functions and classes that a file defines."""
    return {node.name for node in tree.body if isinstance(node, Function | ast.ClassDef)}


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements, at any depth."""
    for inner in ast.walk(node):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(inner, name, None)
            if isinstance(block, list):
                yield block


def _statements(body: list[ast.stmt], inside: str, outside: str) -> Iterator[ast.stmt]:
    """Those of a region, in the order of the text."""
    for node in body:
        condition = ast.unparse(node.test) if isinstance(node, ast.If) else ""
        if not inside:
            yield node
        if not (condition and outside and outside in condition):
            entered = bool(inside) and inside in condition
            yield from _statements(getattr(node, "body", []), "" if entered else inside, outside)
        for name in ("orelse", "handlers", "finalbody"):
            yield from _statements(getattr(node, name, []), inside, outside)


def _assigned(node: ast.stmt, name: str) -> ast.expr | None:
    """The value that a statement gives a variable."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    stored = (one for target in targets if target is not None for one in ast.walk(target))
    if isinstance(node, ast.Assign | ast.AnnAssign) and any(
        isinstance(one, ast.Name) and one.id == name for one in stored
    ):
        return node.value
    return None


def _reads(value: ast.expr, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(value))


def _does_nothing(function: Function) -> bool:
    """Its body is a docstring, pass, ``...`` or its own argument handed back."""
    given = {argument.arg for argument in function.args.args}
    for node in function.body:
        handed_back = isinstance(node, ast.Return) and (
            node.value is None or (isinstance(node.value, ast.Name) and node.value.id in given)
        )
        if not (
            handed_back
            or isinstance(node, ast.Pass)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ):
            return False
    return True
