"""Which definitions of the reference a grade depends on, and which of their statements only refuse arguments."""

import ast
import functools
import re

from ..contract.functions import MODULES, all_tasks
from ..paths import ROOT

SHARED = "_schedule"  # look-ups that all modules share
# The contract leaves the inside of the networks to the student: another layer or width there is another right answer.
FREE = [
    "UnconditionalUNet",
    "Conv",
    "DownConv",
    "UpConv",
    "Flatten",
    "Unflatten",
    "ConvBlock",
    "DownBlock",
    "UpBlock",
    "FCBlock",
    "SIDE",
]
REFUSING = re.compile(r"_?(require_\w+|refuse|describe)")


@functools.cache
def module_source(module: str) -> str:
    return (ROOT / "reference" / f"{module}.py").read_text(encoding="utf-8")


def is_refusing(node: ast.AST) -> bool:
    """A call of one of the functions that refuse arguments."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and bool(REFUSING.fullmatch(node.func.id))


def is_refusal(node: ast.AST) -> bool:
    """Whether a statement does nothing but refuse an argument outside the contract, with what its message needs."""
    if isinstance(node, ast.Expr):
        return is_refusing(node.value)
    if isinstance(node, ast.If):
        *message, last = node.body
        return not node.orelse and is_refusal(last) and all(isinstance(one, ast.Assign) for one in message)
    return isinstance(node, ast.Raise)


def definition(tree: ast.Module, name: str) -> ast.stmt:
    return next(node for node in tree.body if name in _defined(node))


@functools.cache
def reached() -> dict[tuple[str, str], tuple[str, ...]]:
    """Every definition that a graded function reaches, by module and name, with all graded functions that reach it.

    A graded function is reached by itself alone: what others make of it is held against its own checks.
    """
    users: dict[tuple[str, str], list[str]] = {}
    for task in all_tasks():
        todo, seen = [(task.split(".")[0], task.split(".")[1])], set()
        while todo:
            module, name = todo.pop(0)
            graded = f"{module}.{name}" in all_tasks() and f"{module}.{name}" != task
            if (module, name) in seen or graded or name in FREE or REFUSING.fullmatch(name):
                continue
            seen.add((module, name))
            users.setdefault((module, name), []).append(task)
            todo += _used(module, name)
    order = {module: i for i, module in enumerate([*MODULES, SHARED])}
    return {key: tuple(users[key]) for key in sorted(users, key=lambda key: order[key[0]])}


@functools.cache
def _used(module: str, name: str) -> list[tuple[str, str]]:
    """The definitions of the reference that one of them names."""
    tree = ast.parse(module_source(module))
    own = {defined for node in tree.body for defined in _defined(node)}
    origin = dict.fromkeys(own, module)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module in (*MODULES, SHARED):
            origin |= {alias.name: node.module for alias in node.names}
    names = {inner.id for inner in ast.walk(definition(tree, name)) if isinstance(inner, ast.Name)}
    return [(origin[used], used) for used in sorted(names & origin.keys()) if used != name]


def _defined(node: ast.stmt) -> list[str]:
    """The function, the class or the constant that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []
