"""Which statements define something, and do nothing: those of a notebook that are run.

Imports, functions, classes and plain values are; loops, training, downloads and whatever is shown are not.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator

from .needed import binds

_COMPUTE = {"torch", "numpy", "math", "functools", "itertools"}  # packages whose functions only compute
_WAIT = {"hub", "load"}  # but for these
_BUILTINS = (
    *(abs, bool, dict, enumerate, float, int, len, list, max, min),
    *(pow, range, round, set, sorted, str, sum, tuple, zip),
)
_FORMS = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.JoinedStr, ast.FormattedValue),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.comprehension, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Definitions:
    """Tells statements that define something from those that do something."""

    def __init__(self) -> None:
        self.computing = {one.__name__ for one in _BUILTINS}  # names whose calls and methods only compute

    def of(self, statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        """What is kept of them; ``from __future__`` has been heeded when they were parsed."""
        for statement in statements:
            kept = self.in_(statement)
            if kept is not None:
                yield kept

    def in_(self, statement: ast.stmt) -> ast.stmt | None:
        """What is kept of a statement."""
        if isinstance(statement, _DEFINITIONS):
            return statement
        if isinstance(statement, ast.Import | ast.ImportFrom):
            origin = [getattr(statement, "module", None) or alias.name for alias in statement.names]
            names = [*binds(statement)]
            self.computing |= {name for name, package in zip(names, origin) if package.split(".")[0] in _COMPUTE}
            return statement
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if statement.value is None or not all(map(self._computes, [*targets, statement.value])):
                return None
            self.computing |= set(binds(statement)) - set(dir(builtins))
            return statement
        if isinstance(statement, ast.If) and self._computes(statement.test):
            statement.body, statement.orelse = self._block(statement.body), self._block(statement.orelse)
            return statement
        if isinstance(statement, ast.Try):
            statement.body, statement.orelse = self._block(statement.body), self._block(statement.orelse)
            statement.finalbody = self._block(statement.finalbody)
            for handler in statement.handlers:
                handler.body = self._block(handler.body)
            return statement
        return None

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        kept = [one for one in map(self.in_, statements) if one is not None]
        return kept or [ast.copy_location(ast.Pass(), one) for one in statements[:1]]

    def _computes(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Lambda):
            return True
        if isinstance(node, ast.Call) and not self._only_computes(node.func):
            return False
        return isinstance(node, _FORMS) and all(map(self._computes, ast.iter_child_nodes(node)))

    def _only_computes(self, function: ast.expr) -> bool:
        """Whether it is, or is a method of something that is, reached from a name that only computes."""
        while not isinstance(function, ast.Name):
            if isinstance(function, ast.Attribute | ast.Subscript):
                if isinstance(function, ast.Attribute) and function.attr in _WAIT:
                    return False
                function = function.value
            elif isinstance(function, ast.Call):
                function = function.func
            else:
                return all(one.id in self.computing for one in ast.walk(function) if isinstance(one, ast.Name))
        return function.id in self.computing
