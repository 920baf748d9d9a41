"""Which file of a submission holds a graded function. Files are parsed here and never run.

``<module>.py``, or ``adapters.py``, at the top is where it is expected. Else the layout is looked for in the folders
below; and a function that no such file names is found by its own name, in a file or a notebook of any name. Of several
copies one is taken, by rules that no clock enters into, and what is told says which.
"""

import ast
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from ..contract.functions import FUNCTIONS, MODULES, Function
from ..sandbox import limits
from ..sandbox.crossing.places import Place
from .folder import shown
from .kits.parsing import network_of_the_contract, of_the_contract

_NAMES = {name for one in FUNCTIONS for name in (one.name, f"{one.module}_{one.name}")}
_DEFINED = re.compile(r"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*=", re.MULTILINE)
_MAY_DEFINE = re.compile(r"import[ (]+\*|globals\(|setattr\(|__getattr__")  # names that do not stand in the text
_MOST_NAMES = 3  # in one sentence


def is_laid_out(folder: Path) -> bool:
    """Whether it looks like a submission at its top."""
    return any((folder / name).exists() for name in (*(f"{m}.py" for m in MODULES), *MODULES, "adapters.py"))


def find(folder: Path) -> tuple[dict[str, Place], list[str]]:
    """By task, where those functions stand that have no module file at the top; and what has to be said of copies."""
    sources = list(_sources(folder))
    layouts = Counter(os.path.dirname(one.path) for one in sources if one.name.removesuffix(".py") in MODULES)
    adapters = sorted((one for one in sources if one.name == "adapters.py"), key=_rank)
    own = {
        module: sorted(
            (one for one in sources if _is_module(one, module)),
            key=lambda one: (one.depth, -layouts[os.path.dirname(one.path)], one.path),
        )
        for module in MODULES
    }
    places: dict[str, Place] = {}
    copies: dict[tuple[str, str], list[str]] = {}  # by the file that is taken and one that is not: functions
    for function in FUNCTIONS:
        ranked = _ranked(function, adapters, own[function.module], sources)
        if not ranked:
            continue
        (taken, name), *others = ranked
        if taken.path not in ("adapters.py", f"{function.module}.py", f"{function.module}/__init__.py"):
            places[function.task] = Place(taken.path, name)
        for other, name in others:
            if name in other.defined and other.text != taken.text:
                copies.setdefault((taken.path, other.path), []).append(name)
    return places, [_said(names, *pair) for pair, names in copies.items()]


def texts(folder: Path) -> dict[str, str]:
    """The text of each file and each notebook, by its path."""
    return {source.path: source.text for source in _sources(folder)}


def number_defined(folder: Path) -> int:
    """How many graded functions a submission defines under their own names."""
    return len({name for source in _sources(folder) for name in source.defined})


def keeps_to_the_contract(folder: Path) -> bool:
    """Whether a file of a module's name defines a function of that module with the contract's arguments."""
    return any(source.keeps_to_the_contract for source in _sources(folder))


def has_networks_of_the_contract(folder: Path) -> bool:
    """Whether a ``unet.py`` defines a network as the contract has it."""
    return any(source.has_networks_of_the_contract for source in _sources(folder))


def _said(names: list[str], taken: str, other: str) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    are = "is" if len(names) == 1 else "are"
    return f"{', '.join(names[:_MOST_NAMES])}{more} {are} in {shown(taken)} and in {shown(other)}: {shown(taken)} is graded"


def unreadable(folder: Path) -> list[str]:
    """What is no Python in a submission, for one in which nothing was found."""
    sources = ((one.path, one.error) for one in _sources(folder) if not one.is_notebook)
    return [f"{shown(path)}, line {error[0]}: {error[1]}" for path, error in sources if error is not None]


def _sources(folder: Path) -> Iterator["_Source"]:
    """Every Python file and every notebook whose name can be printed, the shallowest first, as far as there is time for."""
    found = []
    for place, folders, files in os.walk(folder):
        notebooks = [one for one in folders if one.endswith(".ipynb")]
        folders[:] = [one for one in folders if one not in notebooks]
        for name in [*notebooks, *(one for one in files if one.endswith(".py"))]:
            path = os.path.relpath(os.path.join(place, name), folder)
            if shown(path) == path:
                found.append(_Source(folder, path))
    room = limits.SOURCES_BYTES
    for one in sorted(found, key=lambda one: (one.depth, one.path)):
        room -= len(one.text)
        if room < 0:
            break
        yield one


class _Source:
    """One file, or one notebook, as far as its text tells."""

    def __init__(self, folder: Path, path: str) -> None:
        self.at, self.path = folder / path, path
        self.name = os.path.basename(path)
        self.depth = path.count("/") - (self.name == "__init__.py")  # a package stands where its folder does
        self.is_notebook = path.endswith(".ipynb")

    @cached_property
    def text(self) -> str:
        return "\n".join(self._texts)

    @cached_property
    def _texts(self) -> list[str]:
        files = sorted(self.at.glob("cell *")) if self.is_notebook else [self.at]
        return [_read(file) for file in files]

    @cached_property
    def defined(self) -> set[str]:
        """Graded names that it defines at its top; where it is no Python, those that it seems to define."""
        found: set[str] = set()
        for text in self._texts:
            named = {name for pair in _DEFINED.findall(text) for name in pair} & _NAMES
            if named:  # most files name none, and parsing takes time
                tree = _parsed(text)
                found |= named & (set(_definitions(tree.body)) if isinstance(tree, ast.Module) else named)
        return found

    @property
    def keeps_to_the_contract(self) -> bool:
        module = self.name.removesuffix(".py")
        if module not in MODULES or not self.defined:
            return False
        return any(isinstance(node, ast.FunctionDef) and of_the_contract(node, module) for node in self._body)

    @property
    def has_networks_of_the_contract(self) -> bool:
        own = self._body if self.name == "unet.py" else []
        return any(isinstance(node, ast.ClassDef) and network_of_the_contract(node) for node in own)

    @property
    def _body(self) -> list[ast.stmt]:
        tree = _parsed(self.text)
        return tree.body if isinstance(tree, ast.Module) else []

    @property
    def error(self) -> tuple[int, str] | None:
        tree = _parsed(self.text)
        return None if isinstance(tree, ast.Module) else tree

    def names(self, name: str) -> bool:
        return re.search(rf"\b{name}\b", self.text) is not None

    def may_define(self, name: str) -> bool:
        """Whether importing it may bring a function, also one that it does not name."""
        return self.names(name) or _MAY_DEFINE.search(self.text) is not None


def _read(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError:  # a link to a folder, say
        return ""
    if len(data) > limits.SOURCE_BYTES:
        return ""
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")


def _parsed(text: str) -> ast.Module | tuple[int, str]:
    """Its syntax tree; or the line with which it ends, and why."""
    try:
        with warnings.catch_warnings():  # about the student's text
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return 1, str(error) or type(error).__name__


def _definitions(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda | ast.Name | ast.Attribute):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _definitions(node.body)
            yield from _definitions(getattr(node, "orelse", []))


# --- which of several -------------------------------------------------------------------------------------------


def _ranked(
    function: Function, adapters: list[_Source], own: list[_Source], sources: list[_Source]
) -> list[tuple[_Source, str]]:
    """The files that a function may be taken from, and its name there: the first is taken, the others are its copies.

    ``own`` are those that are named after its module, the first of them goes before what has another name.
    """
    adapted = f"{function.module}_{function.name}"
    if adapters and (adapters[0].names(adapted) or (not own and adapters[0].may_define(adapted))):
        return [(adapters[0], adapted)]
    if own and own[0].may_define(function.name):
        return [(one, function.name) for one in own]
    others = (one for one in sources if one not in adapters and one not in own)
    named = [(one, name) for one in others for name in (function.name, adapted) if name in one.defined]
    if named:
        return sorted(named, key=lambda pair: _rank(pair[0]))
    return [(one, function.name) for one in own[:1]]


def _is_module(source: _Source, module: str) -> bool:
    return source.name == f"{module}.py" or source.path.split("/")[-2:] == [module, "__init__.py"]


def _rank(source: _Source) -> tuple:
    """The shallowest; a notebook before its export; the one that defines most; the one without "copy" in its name."""
    return source.depth, not source.is_notebook, -len(source.defined), len(source.name), source.path
