"""Exchange the code of live functions of the submission, and say which of its lines a call runs.

Not the names in modules are exchanged but what the function objects hold: so every importer, decorator and closure
sees the edited code, and undoing it leaves nothing behind.
"""

import __future__

import ast
import collections
import contextlib
import functools
import gc
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...paths import KIT_PACKAGE
from .. import limits

_ANNOTATIONS = __future__.annotations.compiler_flag
Function = types.FunctionType
State = tuple[types.CodeType, Any, Any]


class Unapplied(Exception):
    """There is no live function that this edit could be made in."""


class Edits:
    """The edits under which calls are answered. Each is the whole new text of one function or method."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: list[dict[str, Any]] | None = []
        self._originals: list[tuple[Function, State]] = []
        self._found: dict[tuple[str, str, int], list[tuple[Function, tuple]]] = {}
        self._remembering: list[Any] = []  # cached functions; to look for them takes longer than most calls

    def hold(self, edits: list[dict[str, Any]]) -> None:
        """Have these edits made, and no others."""
        if edits == self.held:
            return
        for function, original in reversed(self._originals):
            _put(function, original)
        self._originals, self.held = [], None
        for edit in edits:
            self._make(edit)
        self.held = edits
        for remembering in self._remembering:  # what it remembers may come from other code
            remembering.cache_clear()

    def _make(self, edit: dict[str, Any]) -> None:
        live = self._live(edit["file"], edit["name"], edit["line"])
        for function, path in live:
            if not path:
                new = _defined(edit, function)
                codes = dict(_codes(new.__code__))
        if not live:
            raise Unapplied
        for function, path in live:
            code = codes.get(path)
            if code is None or code.co_freevars != function.__code__.co_freevars:
                continue
            self._originals.append((function, (function.__code__, function.__defaults__, function.__kwdefaults__)))
            _put(function, (code, *((function.__defaults__, function.__kwdefaults__) if path else _defaults(new))))
        if not self._originals:
            raise Unapplied

    def _live(self, file: str, name: str, line: int) -> list[tuple[Function, tuple]]:
        """The functions made by one definition, and those made inside of it, each with its path from there."""
        key = (file, name, line)
        if key not in self._found:
            everything = gc.get_objects()
            functions = [one for one in everything if isinstance(one, Function)]
            self._remembering = [one for one in everything if _remembers(one)]
            filename = str(self.folder / file)
            paths: dict[types.CodeType, tuple] = {}
            for one in functions:
                code = one.__code__
                if (code.co_filename, code.co_name, code.co_firstlineno) == (filename, name, line):
                    paths |= {inner: path for path, inner in _codes(code)}
            found = [(one, paths[one.__code__]) for one in functions if one.__code__ in paths]
            self._found[key] = found if any(not path for _, path in found) else []
        return self._found[key]


def _remembers(one: Any) -> bool:
    """A cached function of the submission's, not of a kit's adapters: those remember which files they have run."""
    return type(one) is functools._lru_cache_wrapper and f".{KIT_PACKAGE}" not in str(getattr(one, "__module__", ""))


def _defined(edit: dict[str, Any], function: Function) -> Function:
    """The function that the edited text defines, among the names of the one that it stands for."""
    flags = function.__code__.co_flags & _ANNOTATIONS
    source = _on_lines("\n".join(edit["source"]), edit.get("lines", []))
    text = compile(_bounded(source), function.__code__.co_filename, "exec", flags, dont_inherit=True)
    names = dict(function.__globals__)
    exec(text, names)
    defined: Any = types.SimpleNamespace(**names)
    for name in edit["path"]:
        defined = vars(defined)[name]
    return defined


def _on_lines(text: str, lines: list[int]) -> ast.Module | str:
    """With every statement on its line of the student's file, if these are told: a trace and an exception say them."""
    if not lines:
        return text
    tree = ast.parse(text)
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    for statement, line in zip(statements, lines):
        for node in ast.walk(statement):
            if hasattr(node, "lineno"):
                vars(node).update(lineno=line, end_lineno=line, col_offset=0, end_col_offset=0)
    return tree


def _bounded(source: ast.Module | str) -> ast.Module | str:
    """With an end for loops that an edit may have taken it from: by turns, not by a clock, and without another worker."""
    if isinstance(source, str) and "while" not in source:
        return source
    tree = ast.parse(source) if isinstance(source, str) else source
    return ast.fix_missing_locations(_Bounded().visit(tree))


class _Bounded(ast.NodeTransformer):
    """``for _ in turns: if not condition: break; …; else: raise`` for ``while condition: …``."""

    def visit_While(self, node: ast.While) -> ast.stmt:
        self.generic_visit(node)
        if node.orelse:
            return node
        turns = ast.BinOp(ast.Tuple([ast.Constant(None)], ast.Load()), ast.Mult(), ast.Constant(limits.REPAIR_TURNS))
        ended = ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], [])
        endless = ast.parse("raise RuntimeError('a loop without an end')").body
        return ast.For(ast.Name("_turn", ast.Store()), turns, [ended, *node.body], endless, lineno=node.lineno)


def _defaults(function: Function) -> tuple[Any, Any]:
    return function.__defaults__, function.__kwdefaults__


def _put(function: Function, state: State) -> None:
    function.__code__, function.__defaults__, function.__kwdefaults__ = state


def _codes(code: types.CodeType, path: tuple = ()) -> Iterator[tuple[tuple, types.CodeType]]:
    """A code object and those within it, each by the names and numbers that lead to it."""
    yield path, code
    met: dict[str, int] = {}
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            number = met[inner.co_name] = met.get(inner.co_name, -1) + 1
            yield from _codes(inner, (*path, (inner.co_name, number)))


@contextlib.contextmanager
def traced(folder: Path, ran: dict[str, Any]) -> Iterator[None]:
    """Gather which lines of the submission are run meanwhile, "ddpm.py:12", and how many, each as often as it is run."""
    lines: collections.Counter[tuple[str, int]] = collections.Counter()
    prefix = f"{folder}/"

    def at_call(frame: types.FrameType, event: str, _: Any) -> Any:
        return at_line(frame, event, _) if frame.f_code.co_filename.startswith(prefix) else None

    def at_line(frame: types.FrameType, event: str, _: Any) -> Any:
        lines[frame.f_code.co_filename.removeprefix(prefix), frame.f_lineno] += 1
        return at_line

    sys.settrace(at_call)
    try:
        yield
    finally:
        sys.settrace(None)
        ran["lines"] = [f"{file}:{line}" for file, line in sorted(lines)][: limits.ITEMS]
        ran["steps"] = lines.total()
