"""A file's import, one statement after the other.

One that fails (a package that is not here, a file of another machine, a download) costs what needs it and nothing else:
the names that it would have bound are stand-ins that know what went wrong. Which statements are run at all is another
question: of a module what ``needed`` leaves, of a notebook and its like what ``definitions`` keeps.
"""

import ast
import importlib.machinery
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ..crossing.values import NotHere
from . import needed
from .definitions import Definitions
from .parsing import parsed, text
from .world.stand_in import StandIn

Statements = Iterable[ast.stmt]
Compiled = Callable[[ast.stmt, str, int], types.CodeType]
Imported = Callable[[Any, str], None]
_FAILED = "__failed__"  # of a module: the first statement that could not be run
_LOST = "__lost__"  # of a module: why names of it may be missing of which nobody can say which


def compiled(statement: ast.stmt, path: str, flags: int) -> types.CodeType:
    return compile(ast.Module([statement], []), path, "exec", flags, dont_inherit=True)


def run(
    statements: Statements,
    path: str,
    names: dict[str, Any],
    failed: Callable[[ast.stmt, BaseException], None],
    flags: int = 0,
    ran: Callable[[ast.stmt], None] = lambda statement: None,
    code: Compiled = compiled,
) -> None:
    """Run them in these ``names``; an import of several names as one for each, so that what is there is imported."""

    def tried(statement: ast.stmt) -> None:
        try:
            exec(code(statement, path, flags), names)
        except (Exception, SystemExit) as error:
            failed(statement, error)
        else:
            ran(statement)

    for statement in statements:
        for one in _apart(statement):
            tried(one)


def _apart(statement: ast.stmt) -> Iterator[ast.stmt]:
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


class Loader(importlib.machinery.SourceFileLoader):
    """Runs of a module what is needed; the rest when somebody asks for what it binds."""

    def __init__(self, name: str, path: str, folder: Path, imported: Imported) -> None:
        """``imported`` is handed what each import has bound, and the line."""
        super().__init__(name, path)
        self.imported = imported
        self.shown = str(Path(path).relative_to(folder))  # "lib/steps.py"

    def exec_module(self, module: types.ModuleType) -> None:
        names = vars(module)
        at_once, waiting, flags = text(self.get_data(self.path), self.path)
        self._run(at_once, flags, names)
        if not waiting.statements:
            return

        def asked(name: str) -> Any:
            self._run(waiting.taken_for(name), flags, names)
            if name in names:
                return names[name]
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        names.setdefault("__getattr__", asked)
        public = [name for name in names if not name.startswith("_")]
        names.setdefault("__all__", [*public, *waiting.assigned()])  # what a star brings

    def _run(self, statements: Statements, flags: int, names: dict[str, Any]) -> None:
        before = dict(names)

        def ran(statement: ast.stmt) -> None:
            before.update((name, names.get(name)) for name in needed.binds(statement))
            if isinstance(statement, ast.Import | ast.ImportFrom):
                for name in needed.binds(statement):
                    self.imported(names.get(name), f"{self.shown}:{statement.lineno}")

        def failed(statement: ast.stmt, error: BaseException) -> None:
            stand_in(statement, error, f"{self.shown}:{statement.lineno}", names, before)

        run(statements, self.path, names, failed, flags, ran)


class Defining(importlib.machinery.SourceFileLoader):
    """Runs of a file what it defines, as of a notebook. Its lines stand where ``code`` puts them, and ``place`` says."""

    def __init__(
        self, name: str, path: str, code: Compiled, place: Callable[[int], str], given: dict[str, Any]
    ) -> None:
        super().__init__(name, path)
        self.code, self.place, self.given = code, place, given

    def exec_module(self, module: types.ModuleType) -> None:
        body, flags = parsed(self.get_data(self.path), self.path)
        names = vars(module)
        names.update(self.given)

        def failed(statement: ast.stmt, error: BaseException) -> None:
            stand_in(statement, error, self.place(statement.lineno), names, {})

        run(Definitions().of(body), self.path, names, failed, flags, code=self.code)


def stand_in(
    statement: ast.stmt, error: BaseException, place: str, names: dict[str, Any], before: dict[str, Any]
) -> None:
    """In the place of what a statement that failed would have bound; what it has bound by then stays.

    ``before``: what was there already. An import in vain leaves that as it was.
    """
    said = f"{place} could not be run ({_said(error)})"
    why = error.why if isinstance(error, NotHere) else said
    bound = [*needed.binds(statement)]
    stays = set(names) if isinstance(statement, ast.Import | ast.ImportFrom) else set()
    for name in bound:
        if name not in stays and names.get(name) is before.get(name):
            names[name] = StandIn(name, why, error)
    names.setdefault(_FAILED, said)
    if "*" in bound:
        names[_LOST] = error


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


def loaded_in_statements(spec: Any, folder: Path, imported: Imported) -> Any:
    """The spec of a module of the submission, which is to be loaded so; every other one as it is."""
    own = isinstance(spec, importlib.machinery.ModuleSpec) and type(spec.loader) is importlib.machinery.SourceFileLoader
    if own and Path(str(spec.origin)).is_relative_to(folder):
        spec.loader = Loader(spec.name, str(spec.origin), folder, imported)
    return spec
