"""The student's own code: what a notebook, an export or a module defines, without what it does when it is run.

Cells and scripts download, train and draw. So of a file only imports, definitions and plain constants are executed,
each for itself: what fails costs only what needs it.
"""

import __future__

import ast
import copy
import functools
import importlib
import importlib.abc
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from .common import FILES, FOLDER

_CELL = "# --- "  # and the name of a cell
_KIT = Path(__file__).resolve().parent
_PLAIN_CALLS = {"range", "list", "tuple", "dict", "int", "float", "len", "reversed", "sorted", "device", "is_available"}
_PLAIN = (
    ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Name, ast.Attribute, ast.UnaryOp, ast.BinOp, ast.BoolOp,
    ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Subscript, ast.Slice, ast.expr_context, ast.operator,
    ast.unaryop, ast.cmpop, ast.boolop,
)  # fmt: skip


class Absent:
    """What could not be imported or defined: it says why as soon as it is used."""

    def __init__(self, name: str, place: str, error: BaseException) -> None:
        self.__dict__["_why"] = f"{place}: {name} is not there: {type(error).__name__}: {error}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(self._why)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        raise ImportError(self._why)


class Definitions(SourceFileLoader):
    """Executes of a file what it defines, each statement for itself."""

    def exec_module(self, module: ModuleType) -> None:
        file = str(Path(self.path).relative_to(FOLDER))
        tree = ast.parse(self.get_data(self.path), self.path)
        future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        flags = __future__.annotations.compiler_flag if any(_postpones(node) for node in future) else 0
        vars(module).update(device="cpu")
        for statement in tree.body:
            for one in [] if statement in future else _kept(statement):
                _run(one, file, flags, vars(module))


def _run(statement: ast.stmt, file: str, flags: int, names: dict[str, Any]) -> None:
    try:
        exec(compiled(statement, file, flags), names)
    except Exception as error:
        for name in _names(statement):
            names.setdefault(name, Absent(name, at(file, statement.lineno), error))


def _postpones(node: ast.ImportFrom) -> bool:
    return any(alias.name == "annotations" for alias in node.names)


def at(file: str, line: int) -> str:
    """A line of a file as the student finds it; in its cell, where our side has put a notebook's cells together."""
    cell, above = _cell_above(file, line)
    return f"{cell}:{line - above}"


def compiled(node: ast.stmt, file: str, flags: int = 0) -> Any:
    """The code of a statement, which stands where the student wrote it."""
    cell, above = _cell_above(file, node.lineno)
    moved = ast.increment_lineno(copy.deepcopy(node), -above)
    return compile(ast.Module([moved], []), str(FOLDER / cell), "exec", flags, dont_inherit=True)


def _cell_above(file: str, line: int) -> tuple[str, int]:
    """The cell that a line stands in, as a file of its own, and the line above it; the file itself where it has none."""
    marks = ((number, text) for number, text in enumerate(_lines(file)[: line - 1], 1) if text.startswith(_CELL))
    number, text = next(iter(reversed([*marks])), (0, _CELL + file))
    return text.removeprefix(_CELL).strip(), number


@functools.cache
def _lines(file: str) -> list[str]:
    return (FOLDER / file).read_text(encoding="utf-8", errors="replace").splitlines()


def _kept(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, ast.Import):
        yield from (ast.copy_location(ast.Import([alias]), node) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (ast.copy_location(ast.ImportFrom(node.module, [one], node.level), node) for one in node.names)
    elif isinstance(node, ast.FunctionDef | ast.ClassDef) or (isinstance(node, ast.Assign) and _is_plain(node.value)):
        yield node
    elif isinstance(node, ast.Try):
        yield from (one for inner in (*node.body, *node.orelse) for one in _kept(inner))


def _is_plain(value: ast.expr) -> bool:
    """A constant, a list of timesteps, a device, a lambda."""
    if isinstance(value, ast.Lambda):
        return True
    calls = (node.func for node in ast.walk(value) if isinstance(node, ast.Call))
    return all(isinstance(node, _PLAIN) for node in ast.walk(value)) and all(
        getattr(call, "id", getattr(call, "attr", "")) in _PLAIN_CALLS for call in calls
    )


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name.split(".")[0]) for alias in node.names if alias.name != "*"]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


class _Neighbours(importlib.abc.MetaPathFinder):
    """Whatever a student's file imports of its neighbours is read in the same way."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        for place in sys.path if path is None else path:
            folder = (FOLDER / place).resolve()
            if folder.is_relative_to(FOLDER) and not folder.is_relative_to(_KIT):
                found = FileFinder(str(folder), (Definitions, [".py"])).find_spec(name)
                if found is not None and found.loader is not None:
                    return found
        return None


# Before the worker's own finder, which runs a file's every statement.
_first = next((i for i, one in enumerate(sys.meta_path) if hasattr(one, "loaded")), 0)
sys.meta_path.insert(_first, _Neighbours())


def has(role: str) -> bool:
    return role in FILES


@functools.cache
def spec(role: str) -> dict[str, Any]:
    """What our side has found: ``file``, ``name``, ``line`` and ``given``, the meaning of each parameter."""
    return json.loads(FILES[role])


@functools.cache
def module_of(file: str) -> ModuleType:
    path = FOLDER / file
    for folder in (str(path.parent), str(FOLDER)):
        if folder not in sys.path:
            sys.path.append(folder)
    parts = Path(file).with_suffix("").parts
    if all(part.isidentifier() for part in parts):
        return importlib.import_module(".".join((FOLDER.name, *parts)))
    name = f"{FOLDER.name}.file_{abs(hash(file))}"
    found = importlib.util.spec_from_file_location(name, path, loader=Definitions(name, str(path)))
    assert found is not None and found.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def student_modules() -> list[ModuleType]:
    """Every file of the student's that has been imported."""
    files = ((module, getattr(module, "__file__", None)) for module in list(sys.modules.values()))
    return [one for one, file in files if file and isinstance(getattr(one, "__loader__", None), Definitions)]


@functools.cache
def definition(role: str) -> Any:
    """The student's function or class; of a method the function itself, to be called with :func:`owner`."""
    where = spec(role)
    module = module_of(where["file"])
    if "lines" in where:
        return _named_after(where)
    if where.get("again"):
        return _this_one(module, where)
    found: Any = module
    for part in where["name"].split("."):
        found = getattr(found, part)
    return found


def _named_after(where: dict[str, Any]) -> Callable:
    """A cell has no function: one that stands where its result is computed."""
    names: dict[str, Any] = {}
    exec(compiled(ast.parse("\n" * (where["line"] - 1) + "def cell(): pass").body[0], where["file"]), names)
    return names["cell"]


def _this_one(module: ModuleType, where: dict[str, Any]) -> Any:
    """One of several definitions of the same name, of which the last has the name."""
    path = FOLDER / where["file"]
    nodes = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    node = next(node for node in nodes if node.lineno == where["line"])
    last = vars(module).get(node.name)
    exec(compiled(node, where["file"]), vars(module))
    found, vars(module)[node.name] = vars(module)[node.name], last
    return found


@functools.cache
def owner(role: str) -> Any:
    """An object of the class whose method it is, made without its constructor, which would load networks."""
    where = spec(role)
    if "." not in where["name"] or "lines" in where:
        return None
    kind = getattr(module_of(where["file"]), where["name"].split(".")[0])
    one = object.__new__(kind)
    if isinstance(one, nn.Module):
        nn.Module.__init__(one)
    return one


def call(role: str, values: dict[str, Any]) -> Any:
    """The student's function with what each of its parameters means, among the ``values`` there are.

    Those with a default that mean nothing here are left out.
    """
    if "lines" in spec(role):
        return _cell(role, values)
    function: Callable = definition(role)
    itself = [] if owner(role) is None else [owner(role)]
    return function(*itself, **{name: values[meaning] for name, meaning in spec(role)["given"].items()})


class Each:
    """A list of which every entry is the same."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __getitem__(self, key: Any) -> Any:
        return self.value


def _cell(role: str, values: dict[str, Any]) -> Any:
    """Statements of a cell, with what they are given; their result."""
    where = spec(role)
    names = dict(vars(module_of(where["file"])))
    for name, meaning in where["given"].items():
        names[name] = Each(values[meaning[5:]]) if meaning.startswith("each ") else values[meaning]
    for statement in _statements(role):
        exec(statement, names)
    return names[where["name"]]


@functools.cache
def _statements(role: str) -> Any:
    where = spec(role)
    path = FOLDER / where["file"]
    nodes = (
        one
        for one in ast.walk(ast.parse(path.read_text()))
        if isinstance(one, ast.Assign | ast.AugAssign | ast.AnnAssign)
    )
    chosen = sorted((one for one in nodes if one.lineno in where["lines"]), key=lambda one: one.lineno)
    return [compiled(one, where["file"]) for one in chosen]


def place(role: str) -> str:
    return at(spec(role)["file"], spec(role)["line"])
