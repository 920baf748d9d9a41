"""The student's own code: what a notebook, an export or a module defines, without what it does when it is run.

Cells and scripts download, train and draw. So of a file only what it defines is run, each statement for itself, as the
worker does it with a notebook.
"""

import ast
import copy
import functools
import importlib
import importlib.abc
import importlib.util
import json
import sys
from collections.abc import Callable
from importlib.machinery import FileFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from .common import FILES, FOLDER, those_imported

_CELL = "# --- "  # and the name of a cell
_KIT = Path(__file__).resolve().parent
_WORKERS = next(i for i, one in enumerate(sys.meta_path) if hasattr(one, "Defining"))  # its finder of students' files
_DEFINING: Any = sys.meta_path[_WORKERS].Defining  # type: ignore[attr-defined]
ABSENT: Any = sys.meta_path[_WORKERS].absent  # type: ignore[attr-defined]  # what could not be imported or defined


def _loader(name: str, path: str) -> Any:
    file = str(Path(path).relative_to(FOLDER))
    code = lambda node, _, flags: compiled(node, file, flags)
    return _DEFINING(name, path, code, lambda line: at(file, line), {"device": "cpu", "prompt_embeds_dict": _Prompts()})


class _Prompts(dict):
    """Given in the notebook: a prompt is handed over where the network is asked, and here no more than looked up."""

    def __missing__(self, text: str) -> torch.Tensor:
        return torch.zeros(1, 77, 4)


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


_PYTHON: Any = (_loader, [".py"])


class _Neighbours(importlib.abc.MetaPathFinder):
    """Whatever a student's file imports of its neighbours is read in the same way."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        for place in sys.path if path is None else path:
            folder = (FOLDER / place).resolve()
            if folder.is_relative_to(FOLDER) and not folder.is_relative_to(_KIT):
                found = FileFinder(str(folder), _PYTHON).find_spec(name)
                if found is not None and found.loader is not None:
                    return found
        return None


sys.meta_path.insert(_WORKERS, _Neighbours())  # before it: that one runs what a file does, too


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
    found = importlib.util.spec_from_file_location(name, path, loader=_loader(name, str(path)))
    assert found is not None and found.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def _is_a_students(module: ModuleType) -> bool:
    return bool(getattr(module, "__file__", None)) and isinstance(getattr(module, "__loader__", None), _DEFINING)


student_modules = those_imported(_is_a_students)


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
    path, name = FOLDER / where["file"], where["name"]
    nodes = (node for node in ast.parse(path.read_text()).body if node.lineno == where["line"])
    node = next(node for node in nodes if name in (getattr(node, "name", ""), *_assigned(node)))
    last = vars(module).get(name)
    exec(compiled(node, where["file"]), vars(module))
    found, vars(module)[name] = vars(module)[name], last
    return found


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [one.id for one in targets if isinstance(one, ast.Name)]


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


def attributes(role: str) -> list[str]:
    """What the constructor would have set."""
    where = spec(role)
    kind = where["name"].split(".")[0]
    tree = ast.parse("\n".join(_lines(where["file"])))
    own = next(one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == kind)
    made = next((one for one in own.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), own)
    stored = (one for one in ast.walk(made) if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store))
    return [one.attr for one in stored if isinstance(one.value, ast.Name) and one.value.id == "self"]


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
