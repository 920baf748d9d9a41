"""Whether a part of the notebook is as the course gave it: what it was to compute is used, and computed nowhere."""

import ast
import builtins
from collections.abc import Iterable

GIVEN = {  # by the notebook, in cells that load models and pictures
    "stage_1", "stage_2", "alphas_cumprod", "add_variance", "prompt_embeds", "uncond_prompt_embeds", "device", "media",
    "prompt_embeds_dict", "strided_timesteps", "test_im", "get_ipython", "display", "__file__", "__name__",
}  # fmt: skip


def bound(tree: ast.AST) -> set[str]:
    """Every name that something gives a value in here; of a function or a class inside only its own name."""
    names: set[str] = set()
    todo = list(ast.iter_child_nodes(tree))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
            if isinstance(tree, ast.Module):
                continue
        todo += ast.iter_child_nodes(node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name.split(".")[0]) for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def unfilled(function: ast.FunctionDef, elsewhere: Iterable[str]) -> str:
    """What is not filled in, as text; nothing where all is. ``elsewhere`` are the names of the submission's files."""
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    if all(isinstance(node, ast.Pass) or _returns_nothing(node) for node in body) or _says_so(body[-1]):
        return "nothing is written"
    loaded = {one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for one in ast.walk(target):
                    if isinstance(one, ast.Name):
                        values.setdefault(one.id, []).append(node.value)
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For | ast.NamedExpr | ast.comprehension):
            for one in ast.walk(node.target):
                if isinstance(one, ast.Name):
                    values.setdefault(one.id, []).append(ast.Name("written"))
    worked_with = loaded - _only_handed_on(function)
    empty = [name for name, given in values.items() if name in worked_with and all(map(_is_placeholder, given))]
    known = bound(function) | set(elsewhere) | set(dir(builtins)) | GIVEN
    missing = [name for name in loaded if name not in known]
    places = {one.id: one.lineno for one in ast.walk(function) if isinstance(one, ast.Name)}
    names = sorted({*empty, *missing}, key=lambda name: (places[name], name))
    return f"{', '.join(f'`{name}`' for name in names)} not filled in" if names else ""


def _says_so(node: ast.stmt) -> bool:
    return isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc)


def _only_handed_on(function: ast.FunctionDef) -> set[str]:
    """Names that are only compared, or given to a call by keyword, such as ``generator=generator``: None may be meant."""
    harmless = [
        id(one) for node in ast.walk(function) if isinstance(node, ast.keyword | ast.Compare) for one in ast.walk(node)
    ]
    loads = [one for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    return {one.id for one in loads} - {one.id for one in loads if id(one) not in harmless}


def _is_placeholder(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and (value.value is None or value.value is ...)


def _returns_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Return) and (node.value is None or _is_placeholder(node.value))
