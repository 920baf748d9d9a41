"""Which definitions of a complete solution each graded function reaches, whatever the solution's layout.

Names are followed, nothing is run: a name leads to what its own file defines, or to what that file imports under it; an
attribute to a module's definition or to every method of that name. That is rather too much than too little.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from ..contract.functions import all_tasks

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign


@dataclass(frozen=True)
class Unit:
    """A function, a method, or a name that a module gives to a lambda or to another value."""

    file: str  # relative to the solution, "lib/samplers.py"
    name: str  # "posterior_step", "DDPMSampler.step"

    @property
    def bare(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Solution:
    """A folder with a complete solution."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def sources(self) -> dict[str, str]:
        files = sorted(self.folder.rglob("*.py"))
        return {path.relative_to(self.folder).as_posix(): path.read_text(encoding="utf-8") for path in files}

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        return {file: ast.parse(source) for file, source in self.sources.items()}

    @cached_property
    def nodes(self) -> dict[Unit, ast.stmt]:
        return {Unit(file, name): node for file, tree in self.trees.items() for name, node in definitions(tree)}

    @cached_property
    def graded(self) -> dict[str, Unit]:
        """The unit of each graded function; what adapters.py defines wins."""
        found = {}
        for task in all_tasks():
            module, name = task.split(".")
            for unit in (Unit("adapters.py", f"{module}_{name}"), Unit(f"{module}.py", name)):
                if unit in self.nodes or f"{unit.name}.__init__" in {one.name for one in self.nodes}:
                    found[task] = unit
                    break
        return found

    @cached_property
    def reached(self) -> dict[str, frozenset[Unit]]:
        """All that a graded function reaches, other graded functions included."""
        return {task: frozenset(self.follow(unit)) for task, unit in self.graded.items()}

    @cached_property
    def own(self) -> dict[str, list[Unit]]:
        """What a graded function reaches without another graded function, in a fixed order."""
        graded = frozenset(self.graded.values())
        return {task: self.follow(unit, graded - {unit}) for task, unit in self.graded.items()}

    def users(self, unit: Unit) -> set[str]:
        return {task for task, reached in self.reached.items() if unit in reached}

    def follow(self, start: Unit, barred: frozenset[Unit] = frozenset()) -> list[Unit]:
        """A unit and all that it reaches, up to those that are barred."""
        todo, seen = [start], dict[Unit, None]()
        while todo:
            unit = todo.pop(0)
            if unit in self.nodes:
                if unit in seen or unit in barred:
                    continue
                seen[unit] = None
                todo += self._used[unit]
            else:  # a class
                todo += self._class(unit)
        return list(seen)

    def _class(self, unit: Unit) -> list[Unit]:
        """What building one and calling it runs: the methods that no attribute has to name, and its bases."""
        methods = [one for one in self.nodes if one.file == unit.file and one.name.startswith(f"{unit.name}.")]
        (node,) = (one for one in self.trees[unit.file].body if isinstance(one, ast.ClassDef) and one.name == unit.name)
        bases = [name for base in node.bases for name in self._names(unit, ast.Expr(base))]
        return [one for one in methods if one.bare.startswith("__") or one.bare == "forward"] + bases

    @cached_property
    def _used(self) -> dict[Unit, list[Unit]]:
        return {unit: list(dict.fromkeys(self._names(unit, node))) for unit, node in self.nodes.items()}

    def _names(self, unit: Unit, node: ast.stmt) -> Iterator[Unit]:
        imported = _imports(self.trees[unit.file])
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                yield from self._called(inner.id, unit.file, imported)
            elif isinstance(inner, ast.Attribute) and not inner.attr.startswith("__"):
                base = inner.value.id if isinstance(inner.value, ast.Name) else ""
                for one in self.nodes:
                    module = Path(one.file).stem if imported.get(base, base) == Path(one.file).stem else None
                    if one.bare == inner.attr and ("." in one.name or module):
                        yield one

    def _called(self, name: str, file: str, imported: dict[str, str]) -> Iterator[Unit]:
        classes = {(one.file, one.name.partition(".")[0]) for one in self.nodes if "." in one.name}
        if Unit(file, name) in self.nodes or (file, name) in classes:
            yield Unit(file, name)
        elif name in imported:
            target = imported[name]
            yield from (one for one in self.nodes if one.name == target)
            yield from (Unit(other, target) for other, known in sorted(classes) if known == target)


def definitions(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, methods and assigned names, with what they are called in the module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    yield f"{node.name}.{method.name}", method
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node


@cache
def _imports(tree: ast.Module) -> dict[str, str]:
    """What a file imports, by the names that it gives to it."""
    return {
        alias.asname or alias.name.split(".")[0]: alias.name.split(".")[-1]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
