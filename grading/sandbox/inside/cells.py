"""A notebook as a module: what its cells define, and nothing that they do.

Imports, functions, classes and plain values are run, in the cells' order; loops, training and downloads never start. A
statement that fails costs what it defines and no other: a notebook is used cell by cell.
"""

import __future__

import ast
import builtins
import importlib.abc
import re
import types
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

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


class Cells(importlib.abc.Loader):
    """Runs what the files of a notebook define, one file for each cell."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self.failed: list[tuple[set[str], BaseException]] = []  # the names that were not defined, and why

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        names = vars(module)
        names |= {"display": _nothing, "get_ipython": _nothing}  # a notebook has them without an import
        definitions, flags = _Definitions(), 0
        for file in self.files:
            source = file.read_bytes()
            try:
                statements = ast.parse(source, str(file)).body
            except (SyntaxError, ValueError) as error:
                self.failed.append((_looks_defined(source), error))
                continue
            for statement in filter(None, map(definitions.in_, statements)):
                if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                    flags |= sum(getattr(__future__, one.name).compiler_flag for one in statement.names)
                    continue
                try:
                    exec(compile(ast.Module([statement], []), str(file), "exec", flags, dont_inherit=True), names)
                except (Exception, SystemExit) as error:
                    defined = set(_names(statement))
                    self.failed.append((defined, error))
                    if isinstance(statement, ast.Import | ast.ImportFrom):
                        for name in defined:
                            names.setdefault(name, _Absent(error))

    def say_why_missing(self, name: str) -> None:
        """Raise what kept a name from being defined; nothing happens where no cell defines it."""
        for names, error in reversed(self.failed):
            if name in names:
                raise error


class _Absent:
    """Stands for what could not be imported: whoever uses it is told why."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self._error.with_traceback(None)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        raise self._error.with_traceback(None)


def _nothing(*arguments: Any, **keywords: Any) -> None:
    pass


class _Definitions:
    """Tells statements that define something from those that do something."""

    def __init__(self) -> None:
        self.computing = {one.__name__ for one in _BUILTINS}  # names whose calls and methods only compute

    def in_(self, statement: ast.stmt) -> ast.stmt | None:
        """What is kept of a statement."""
        if isinstance(statement, _DEFINITIONS):
            return statement
        if isinstance(statement, ast.Import | ast.ImportFrom):
            origin = [getattr(statement, "module", None) or alias.name for alias in statement.names]
            names = _names(statement)
            self.computing |= {name for name, package in zip(names, origin) if package.split(".")[0] in _COMPUTE}
            return statement
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if statement.value is None or not all(map(self._computes, [*targets, statement.value])):
                return None
            self.computing |= set(_names(statement))
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


def _names(statement: ast.stmt) -> list[str]:
    """What a statement gives a meaning to."""
    if isinstance(statement, _DEFINITIONS):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in statement.names]
    return list(_stored(statement))


def _stored(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and not hasattr(builtins, node.id):
            yield node.id
        elif isinstance(node, _DEFINITIONS):
            yield node.name


def _looks_defined(source: bytes) -> set[str]:
    """The names that a cell which cannot be read as Python seems to define."""
    return {name.decode() for name in re.findall(rb"^(?:async +)?(?:def|class) +(\w+)", source, re.MULTILINE)}
