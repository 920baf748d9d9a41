"""Which functions a change of the sources may have touched; told from their text alone, and rather one too many.

A statement at the top of a file gives names and mentions names. Names are compared as they stand, in whatever file: nothing
is resolved. Where the body of a function alone has changed, that function is touched, and so is whatever mentions a touched
name, in turn. Any other change may keep the file from being imported: all of it is touched, and all files that import it.

Handouts hold this file, too.
"""

import ast
import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_BY_TEXT = {"globals", "vars", "eval", "exec", "import_module", "__import__"}  # who uses these may use any name
_DEFINED = re.compile(r"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)", re.MULTILINE)
_AS_A_SCRIPT = ("__name__ == '__main__'", "'__main__' == __name__")


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a file."""

    gives: frozenset[str]
    early: frozenset[str]  # mentioned in what runs when the file is imported
    late: frozenset[str]  # mentioned in the body of a function
    imports: bool
    head: str  # its syntax, as far as it runs when the file is imported
    body: str  # and the rest


@dataclass(frozen=True)
class File:
    statements: tuple[Statement, ...]
    gives: frozenset[str]  # by statements other than imports
    parses: bool = True


def touched(tasks: Iterable[str], before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Of these functions, each a "module.name", those that may do something else now, what was edited itself first.

    Sources are texts by path.
    """
    old, new = ({path: read(text) for path, text in sources.items()} for sources in (before, now))
    names, whole = set[str](), set[str]()
    for path in {*before, *now}:
        bodies = _changed_bodies(old.get(path), new.get(path))
        if bodies is None:
            whole.add(path)
        else:
            names |= bodies

    def given(path: str) -> set[str]:
        return {name for side in (old, new) if path in side for name in side[path].gives}

    def means(task: str) -> set[str]:
        return {task.split(".")[1], task.replace(".", "_")}  # the latter in an adapters.py

    edited = names.union(*map(given, whole))
    _spread(new, names, whole, given)
    return sorted((task for task in tasks if means(task) & names), key=lambda task: not means(task) & edited)


@lru_cache(maxsize=1024)
def read(text: str) -> File:
    """A file's statements; of one that does not parse what it seems to define."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return File((), frozenset(_DEFINED.findall(text)), parses=False)
    body = [part for node in body if not (_is_text(node) or _is_for_a_script(node)) for part in _single(node)]
    statements = tuple(map(_statement, body))
    return File(statements, frozenset(name for one in statements if not one.imports for name in one.gives))


def _changed_bodies(before: File | None, now: File | None) -> set[str] | None:
    """The functions of which the body has changed; None where there is any other change."""
    if before is None or now is None or not (before.parses and now.parses):
        return None
    pairs = list(zip(before.statements, now.statements))
    if [one.head for one in before.statements] != [one.head for one in now.statements]:
        return None
    return {name for old, new in pairs if old.body != new.body for name in new.gives}


def _spread(files: Mapping[str, File], names: set[str], whole: set[str], given: Callable[[str], set[str]]) -> None:
    """Add what mentions touched names or imports touched files, until nothing is new."""
    size = -1
    while size != len(names) + len(whole):
        size = len(names) + len(whole)
        stems = {_stem(path) for path in whole}
        names.update(*map(given, whole))
        for path, file in files.items():
            for one in file.statements:
                runs = one.early & (stems if one.imports else names)
                if runs or "" in stems:
                    whole.add(path)
                elif (one.early | one.late) & names or (names and one.late & _BY_TEXT):
                    names |= one.gives


def _stem(path: str) -> str:
    """What an import calls a file; nothing for the package that all of it lies in."""
    at = PurePosixPath(path)
    return at.parent.name if at.name == "__init__.py" else at.stem


def _single(node: ast.stmt) -> Iterator[ast.stmt]:
    """An import as one for each name."""
    if not isinstance(node, _IMPORTS):
        yield node
        return
    for alias in node.names:
        one = copy.copy(node)
        one.names = [alias]
        yield one


def _statement(node: ast.stmt) -> Statement:
    mentioned = set(_mentioned(node))
    early, late = (frozenset(name for name, later in mentioned if later is side) for side in (False, True))
    head, body = node, ""
    if isinstance(node, _FUNCTIONS):
        head, body = copy.copy(node), "".join(map(ast.dump, node.body))
        head.body = []
    return Statement(frozenset(_bound(node)), early, late, isinstance(node, _IMPORTS), ast.dump(head), body)


def _mentioned(node: ast.AST, later: bool = False) -> Iterator[tuple[str, bool]]:
    """Every name in it, and whether that stands in the body of a function."""
    if isinstance(node, ast.Name):
        yield node.id, later
    elif isinstance(node, ast.Attribute):
        yield node.attr, later
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        yield node.value, later  # of a table, or of getattr
    elif isinstance(node, _IMPORTS):
        written = [*(alias.name for alias in node.names), getattr(node, "module", None) or ""]
        yield from ((part, later) for name in written for part in name.split("."))
    for field, value in ast.iter_fields(node):
        inside = later or (field == "body" and isinstance(node, _FUNCTIONS))
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _mentioned(child, inside)
            elif isinstance(node, ast.Global):
                yield child, inside


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement at the top of a file gives."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, _IMPORTS):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_for_a_script(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test) in _AS_A_SCRIPT
