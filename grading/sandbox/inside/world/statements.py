"""A module's import, one statement after the other.

One that fails (a package that is not here, a file of another machine, a download, a training loop at the end) costs
what needs it and nothing else: the names that it would have bound are stand-ins that know what went wrong. What hangs
still hangs.
"""

import __future__

import ast
import importlib.machinery
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...crossing.values import NotHere
from .stand_in import StandIn

_ANNOTATIONS = __future__.annotations.compiler_flag
Imported = Callable[[Any, str], None]
_FAILED = "__failed__"  # of a module: the first statement that could not be run
_LOST = "__lost__"  # of a module: why names of it may be missing of which nobody can say which


class Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, folder: Path, imported: Imported) -> None:
        """``imported`` is handed what each import has bound, and the line."""
        super().__init__(name, path)
        self.imported = imported
        self.shown = str(Path(path).relative_to(folder))  # "lib/steps.py"

    def exec_module(self, module: types.ModuleType) -> None:
        tree = ast.parse(self.get_data(self.path), self.path)
        flags = _ANNOTATIONS if any(map(_postpones_annotations, tree.body)) else 0
        for number, statement in enumerate(tree.body):
            if number and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a text of its own: compiled alone it would be the module's docstring
            for one in _apart(statement):
                code = compile(ast.Module([one], []), self.path, "exec", flags, dont_inherit=True)
                self._run(code, one, module)

    def _run(self, code: types.CodeType, statement: ast.stmt, module: types.ModuleType) -> None:
        names = list(_binds(statement))
        before = {name: vars(module).get(name) for name in names}
        try:
            exec(code, vars(module))
            if isinstance(statement, ast.Import | ast.ImportFrom):
                for name in names:
                    self.imported(vars(module).get(name), f"{self.shown}:{statement.lineno}")
        except (Exception, SystemExit) as error:
            failed = f"{self.shown}:{statement.lineno} could not be run ({_said(error)})"
            why = error.why if isinstance(error, NotHere) else failed
            for name in names:
                if vars(module).get(name) is before[name]:
                    vars(module)[name] = StandIn(name, why, error)
            vars(module).setdefault(_FAILED, failed)
            if "*" in names:
                vars(module)[_LOST] = error


def lost(module: types.ModuleType) -> BaseException | None:
    """Why the module may lack a name."""
    return vars(module).get(_LOST)


def failed(module: types.ModuleType) -> str:
    """The first statement of the module that could not be run, and why; nothing where all went well."""
    return vars(module).get(_FAILED, "")


def _said(error: BaseException) -> str:
    where = getattr(error, "path", None) if isinstance(error, ImportError) else None  # of the library on this machine
    message = " ".join(str(error).removesuffix(f" ({where})").split())[:200]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _apart(statement: ast.stmt) -> Iterator[ast.stmt]:
    """An import of several names, as one for each: what is there of them is imported."""
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        yield statement
        return
    for alias in statement.names:
        one: Any = (
            ast.Import([alias])
            if isinstance(statement, ast.Import)
            else ast.ImportFrom(statement.module, [alias], statement.level)
        )
        yield ast.copy_location(one, statement)


def _binds(statement: ast.AST) -> Iterator[str]:
    """The module's names that a statement binds; what its functions bind is their own."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            whole = isinstance(statement, ast.Import) and not alias.asname
            yield alias.name.split(".")[0] if whole else alias.asname or alias.name
    if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
        yield statement.id
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from _binds(child)


def _postpones_annotations(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.ImportFrom)
        and statement.module == "__future__"
        and any(alias.name == "annotations" for alias in statement.names)
    )


def loaded_in_statements(spec: Any, folder: Path, imported: Imported) -> Any:
    """The spec of a module of the submission, which is to be loaded so; every other one as it is."""
    own = isinstance(spec, importlib.machinery.ModuleSpec) and type(spec.loader) is importlib.machinery.SourceFileLoader
    if own and Path(str(spec.origin)).is_relative_to(folder):
        spec.loader = Loader(spec.name, str(spec.origin), folder, imported)
    return spec
