"""The lines of the solutions: what nothing may hold that students are handed."""

import ast

from grading.contract.functions import MODULES
from grading.contract.stubs import build
from grading.paths import ROOT

LONG = 24  # letters, without white space: shorter lines are idioms, such as torch.no_grad()
REFUSES = "isinstance("  # what a call is refused for is no part of the formula, and a docstring says it


def all_left_out_lines() -> set[str]:
    return {line for module in MODULES for line in left_out_lines(module)}


def left_out_lines(module: str) -> set[str]:
    """The lines of a module's code that its stub lacks, without white space."""
    source = (ROOT / "reference" / f"{module}.py").read_text(encoding="utf-8")
    told = {line for node in ast.walk(ast.parse(source)) if is_docstring(node) for line in span(node)}
    lines = ["".join(line.split()) for i, line in enumerate(source.splitlines(), 1) if i not in told]
    kept = "".join(build()[f"{module}.py"].split())
    code = {line for line in lines if len(line) > LONG and not line.startswith("#") and REFUSES not in line}
    return {line for line in code if line not in kept}


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def span(node: ast.AST) -> range:
    return range(node.lineno, node.end_lineno + 1)
