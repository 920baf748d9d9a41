"""Definitions of ours as text: the named ones and whatever of their file they use, with the imports that all of it needs."""

import ast
import inspect
from collections.abc import Iterable
from types import ModuleType

_Definition = ast.FunctionDef | ast.ClassDef | ast.Assign


def excerpt(module: ModuleType, names: Iterable[str]) -> tuple[set[str], str]:
    """Import lines, and the definitions in the file's order. What the file has from another file of ours is left out."""
    source = inspect.getsource(module)
    defined: dict[str, _Definition] = {}
    imported: dict[str, str] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign):
            defined |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Import):
            imported |= {one.asname or one.name.split(".")[0]: f"import {_as(one)}" for one in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported |= {one.asname or one.name: f"from {node.module} import {_as(one)}" for one in node.names}
    used, todo = set[str](), list(names)
    while todo:
        name = todo.pop()
        if name not in used and name in defined:
            todo += [one.id for one in ast.walk(defined[name]) if isinstance(one, ast.Name)]
        used.add(name)
    kept = {node.lineno: _text(source, node) for name, node in defined.items() if name in used}
    lines = {line for name, line in imported.items() if name in used}
    return lines, "\n\n\n".join(text for _, text in sorted(kept.items()))


def _as(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _text(source: str, node: _Definition) -> str:
    decorators = [] if isinstance(node, ast.Assign) else node.decorator_list
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])
