"""The stubs of a course: its modules, and in them what it asks for and what that imports.

They need neither jaxtyping nor Python 3.10: shapes stay in the annotations, to be read.
"""

import ast
import re

from ..contract import stubs
from ..contract.courses import Course
from ..contract.functions import all_tasks

_INIT = '''"""Your homework: every function that raises NotImplementedError is yours to write.

Each docstring gives the formula, the shapes and the convention; each TODO says what to do and where the traps are.
"""
'''
# Read by people: nothing looks at them when the code runs.
_SHAPES = """

class Float:
    def __class_getitem__(cls, described):
        return Annotated[described]


class Int64(Float):
    pass

"""
_JAXTYPING = re.compile(r"^from jaxtyping import (.+)\n", re.MULTILINE)
_EITHER = re.compile(r"^(\w+ = )(\S.*?) \| (.+?)((?:  #.*)?)$", re.MULTILINE)
_UNION = r"\1Union[\2, \3]\4"
_ALL = re.compile(r"^__all__ = \[[^\]]*\]", re.MULTILINE)
_TENSOR = "from torch import Tensor\n"
_LATER = "from __future__ import annotations\n\n"


def files(course: Course) -> dict[str, str]:
    """Every file of the folder to work in, by its name."""
    sources = stubs.build(course.traps)
    kept: dict[str, set[str]] = {}
    for task in course.functions:
        module, name = task.split(".")
        _keep(module, name, sources, kept)
    cut = {f"{module}.py": _united(_cut(module, sources[f"{module}.py"], names)) for module, names in kept.items()}
    shapes = _JAXTYPING.sub("from typing import Annotated, Union\n\n", sources["shapes.py"], count=1)
    cut["shapes.py"] = _EITHER.sub(_UNION, shapes.replace(_TENSOR, _TENSOR + _SHAPES, 1))
    init = _INIT if course.traps else stubs.without_traps(_INIT)
    return {"__init__.py": init} | {name: postponed(text) for name, text in sorted(cut.items())}


def _united(source: str) -> str:
    """The source with its types ``A | B`` written as ``Union[A, B]``, which Python 3.9 evaluates."""
    united = _EITHER.sub(_UNION, source)
    return united if united == source else united.replace(_TENSOR, f"from typing import Union\n\n{_TENSOR}", 1)


def postponed(source: str) -> str:
    """The source with annotations that are not evaluated: Python 3.9 cannot evaluate ``X | None``."""
    body = ast.parse(source).body
    behind = body[0].end_lineno if ast.get_docstring(ast.parse(source)) is not None else 0
    lines = source.splitlines(keepends=True)
    return "".join([*lines[:behind], "\n" * bool(behind), _LATER, "".join(lines[behind:]).lstrip("\n")])


def without_unions(source: str) -> str:
    """The source with the classes ``A | B`` of an ``isinstance``, and of a name for them, as a tuple, for Python 3.9."""
    unions = [
        union
        for node in ast.walk(ast.parse(source))
        for union in _asked_for(node)
        if isinstance(union, ast.BinOp) and isinstance(union.op, ast.BitOr)
    ]
    lines = source.encode().splitlines(keepends=True)  # columns count bytes
    for union in sorted(unions, key=lambda one: (one.lineno, one.col_offset), reverse=True):
        assert union.lineno == union.end_lineno
        line, start, end = lines[union.lineno - 1], union.col_offset, union.end_col_offset
        classes = b", ".join(part.strip() for part in line[start:end].split(b"|"))
        lines[union.lineno - 1] = line[:start] + b"(" + classes.replace(b"None", b"type(None)") + b")" + line[end:]
    return b"".join(lines).decode()


def _asked_for(node: ast.AST) -> list[ast.expr]:
    """Where classes stand of which a value may be any."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
        return node.args[1:]
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
        sides = [getattr(one, "attr", getattr(one, "id", "")) for one in (node.value.left, node.value.right)]
        return [node.value] if all(side[:1].isupper() and not side.isupper() for side in sides) else []
    return []


def _keep(module: str, name: str, sources: dict[str, str], kept: dict[str, set[str]]) -> None:
    """Note a definition, with those that it is made of and those that its module imports."""
    names = kept.setdefault(module, set())
    if name in names:
        return
    names.add(name)
    tree = ast.parse(sources[f"{module}.py"])
    definitions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    given = [one for one in definitions if f"{module}.{one}" not in all_tasks()]
    for one in [*given, *_bases(definitions[name])]:
        if one in definitions:
            _keep(module, one, sources, kept)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level and node.module != "shapes":
            for alias in node.names:
                _keep(str(node.module), alias.name, sources, kept)


def _bases(node: ast.AST) -> list[str]:
    return [base.id for base in getattr(node, "bases", []) if isinstance(base, ast.Name)]


def _cut(module: str, source: str, names: set[str]) -> str:
    """A module without the functions that are not asked for."""
    tree, lines = ast.parse(source), source.splitlines(keepends=True)
    unasked = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and f"{module}.{node.name}" in all_tasks()
        and node.name not in names
    }
    for node in reversed(unasked.values()):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
        del lines[first : node.end_lineno]
    text = re.sub(r"\n{4,}", "\n\n\n", "".join(lines)).rstrip() + "\n"
    public = [
        name
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        for name in ast.literal_eval(node.value)
        if name not in unasked
    ]
    written = "__all__ = [\n" + "".join(f'    "{name}",\n' for name in public) + "]"
    for types in _JAXTYPING.findall(text):
        text = _JAXTYPING.sub("", text).replace("from .shapes import ", f"from .shapes import {types}, ", 1)
    return _ALL.sub(lambda _: written, text, count=1) if unasked else text
