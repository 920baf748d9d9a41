"""The student's own code: what a notebook, an export or a module defines, without what it does when it is run.

Cells and scripts download, train and draw. So of a file only imports, definitions and plain constants are executed,
each for itself: what fails costs only what needs it.
"""

import ast
import functools
import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from .common import FILES, FOLDER

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
    """Executes of a file what it defines."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return compile(_definitions(ast.parse(self.get_data(path), path)), path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        place = Path(self.path).relative_to(FOLDER)

        def failed(names: str, line: int, error: BaseException) -> None:
            for name in names.split():
                vars(module).setdefault(name, Absent(name, f"{place}:{line}", error))

        vars(module).update(device="cpu", __failed__=failed)
        super().exec_module(module)


def _definitions(tree: ast.Module) -> ast.Module:
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    kept = (node for node in tree.body if node not in future for node in _kept(node))
    return ast.fix_missing_locations(ast.Module([*future, *map(_for_itself, kept)], []))


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


def _for_itself(node: ast.stmt) -> ast.stmt:
    """``try: <statement> except Exception as error: __failed__("its names", line, error)``."""
    names = " ".join(_names(node))
    handler = ast.parse(f"try: pass\nexcept Exception as __e: __failed__({names!r}, {node.lineno}, __e)").body[0]
    assert isinstance(handler, ast.Try)
    return ast.copy_location(ast.Try([node], handler.handlers, [], []), node)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name.split(".")[0]) for alias in node.names if alias.name != "*"]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def _hook(path: str) -> FileFinder:
    """Whatever a student's file imports of its neighbours is read in the same way."""
    if not Path(path).resolve().is_relative_to(FOLDER) or Path(path).resolve().is_relative_to(_KIT):
        raise ImportError
    return FileFinder(path, (Definitions, [".py"]))


def _let_torchvision_be_imported() -> None:
    """Until the workers' world does it: torchvision beside a CPU build of torch misses two operators."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        _OPERATORS.append(torch.library.Library("torchvision", "FRAGMENT"))
        for name in ("nms", "qnms"):
            _OPERATORS[0].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except ImportError:
        pass


_OPERATORS: list[Any] = []
_let_torchvision_be_imported()
sys.path_hooks.insert(0, _hook)
sys.path_importer_cache.clear()


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
    text = "\n" * (where["line"] - 1) + "def cell(): pass"
    exec(compile(text, str(FOLDER / where["file"]), "exec"), names)
    return names["cell"]


def _this_one(module: ModuleType, where: dict[str, Any]) -> Any:
    """One of several definitions of the same name, of which the last has the name."""
    path = FOLDER / where["file"]
    nodes = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    node = next(node for node in nodes if node.lineno == where["line"])
    last = vars(module).get(node.name)
    exec(compile(ast.Module([node], []), str(path), "exec", dont_inherit=True), vars(module))
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
    exec(_statements(role), names)
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
    return compile(ast.Module(list(chosen), []), str(path), "exec", dont_inherit=True)


def place(role: str) -> str:
    return f"{spec(role)['file']}:{spec(role)['line']}"
