"""The graded functions as the students' stubs, or the reference, define them: text, from the syntax tree."""

import ast
from dataclasses import dataclass
from functools import cache

from ..contract.functions import MODULES, tasks_of
from ..contract.stubs import REFERENCE, build


@dataclass(frozen=True)
class Definition:
    task: str
    node: ast.FunctionDef | ast.ClassDef
    module_source: str

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""

    @property
    def first_line(self) -> int:
        return min([self.node.lineno, *(one.lineno for one in self.node.decorator_list)])

    @property
    def source(self) -> str:
        """Without the docstring."""
        lines, told = self.module_source.splitlines(), self.node.body[0]
        return "\n".join(lines[self.first_line - 1 : told.lineno - 1] + lines[told.end_lineno : self.node.end_lineno])


@dataclass(frozen=True)
class Module:
    name: str
    docstring: str
    definitions: dict[str, Definition]  # by graded function
    given: dict[str, str]  # docstrings of the public ones that are not graded


def modules(staff: bool) -> list[Module]:
    """In teaching order."""
    return [_module(name, source) for name, source in sources(staff).items()]


@cache
def sources(staff: bool) -> dict[str, str]:
    """Each module's text, in teaching order: what everything about it is made from."""
    if staff:
        return {name: (REFERENCE / f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
    stubs = build()
    return {name: stubs[f"{name}.py"] for name in MODULES}


def _module(name: str, source: str) -> Module:
    tree = ast.parse(source)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    definitions = {task: Definition(task, defined[task.split(".")[1]], source) for task in tasks_of(name)}
    given = {
        public: ast.get_docstring(node) or ""
        for public, node in defined.items()
        if not public.startswith("_") and f"{name}.{public}" not in definitions
    }
    return Module(name, ast.get_docstring(tree) or "", definitions, given)
