"""The structure around the formulas: names, loops, branches, temporaries; a class whose instance is called."""

import ast
from collections import Counter
from collections.abc import Iterator


def restructured(function: ast.FunctionDef, entry: bool) -> list[ast.stmt]:
    function.body = _block(_inlined(function.body, _counts(function)))
    _rename(function)
    return [function]


def as_class(function: ast.FunctionDef, entry: bool) -> list[ast.stmt]:
    """``class F: def __call__(self, …)`` and ``f = F()``, for what has no decorator."""
    if not entry or function.decorator_list:
        return [function]
    name = function.name
    function.name = "__call__"
    function.args.args.insert(0, ast.arg("self"))
    made = ast.parse(f"class _{name}:\n    pass\n{name} = _{name}()").body
    assert isinstance(made[0], ast.ClassDef)
    made[0].body = [function]
    return made


# --- loops and branches ---------------------------------------------------------------------------------------------


def _block(statements: list[ast.stmt]) -> list[ast.stmt]:
    return [made for number, one in enumerate(statements) for made in _statement(one, number)]


def _statement(one: ast.stmt, number: int) -> list[ast.stmt]:
    for name in ("body", "orelse"):
        if isinstance(getattr(one, name, None), list):
            setattr(one, name, _block(getattr(one, name)))
    if isinstance(one, ast.For) and not one.orelse:
        source = f"_rest{number}_{one.col_offset} = iter(0)\nwhile True:\n    try:\n        x = next({{}})\n    except StopIteration:\n        break"
        rest = f"_rest{number}_{one.col_offset}"
        start, loop = ast.parse(source.format(rest)).body
        assert isinstance(start, ast.Assign) and isinstance(start.value, ast.Call) and isinstance(loop, ast.While)
        start.value.args = [one.iter]
        (attempt,) = loop.body
        assert isinstance(attempt, ast.Try) and isinstance(attempt.body[0], ast.Assign)
        attempt.body[0].targets = [one.target]
        loop.body += one.body
        return [start, loop]
    value = getattr(one, "value", None)
    if isinstance(one, ast.Return) and isinstance(value, ast.IfExp):
        return [ast.If(value.test, [ast.Return(value.body)], []), ast.Return(value.orelse)]
    if isinstance(one, ast.Assign) and isinstance(value, ast.IfExp):
        return [ast.If(value.test, [ast.Assign(one.targets, value.body)], [ast.Assign(one.targets, value.orelse)])]
    return [one]


# --- names ----------------------------------------------------------------------------------------------------------


def _rename(function: ast.FunctionDef) -> None:
    """Local variables are numbered. What an inner function names, too, keeps its name."""
    inner = [
        node for node in ast.walk(function) if isinstance(node, ast.FunctionDef | ast.Lambda) and node is not function
    ]
    kept = {argument.arg for node in [function, *inner] for argument in _arguments(node)}
    kept |= {node.name for node in inner if isinstance(node, ast.FunctionDef)}
    stored = [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    others = {name: f"v{i}" for i, name in enumerate(dict.fromkeys(stored)) if name not in kept}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = others.get(node.id, node.id)


def _arguments(node: ast.FunctionDef | ast.Lambda) -> list[ast.arg]:
    return [inner for inner in ast.walk(node.args) if isinstance(inner, ast.arg)]


# --- temporaries ----------------------------------------------------------------------------------------------------


def _counts(function: ast.FunctionDef) -> Counter[tuple[str, bool]]:
    """How often each name is loaded, and how often stored."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    return Counter((node.id, isinstance(node.ctx, ast.Load)) for node in names)


def _inlined(statements: list[ast.stmt], counts: Counter[tuple[str, bool]]) -> list[ast.stmt]:
    """A variable that the next statement alone uses, once, put in its place."""
    made: list[ast.stmt] = []
    for one in statements:
        before = made[-1] if made else None
        if isinstance(before, ast.Assign) and isinstance(one, ast.Return | ast.Assign | ast.Expr):
            name = before.targets[0].id if isinstance(before.targets[0], ast.Name) else ""
            once = len(before.targets) == 1 and counts[name, True] == counts[name, False] == 1
            if once and any(node.id == name for node in _straight(one)):
                made[-1] = _Put(name, before.value).visit(one)
                continue
        made.append(one)
    return made


def _straight(node: ast.AST) -> Iterator[ast.Name]:
    """The names of a statement that are looked up once, when it runs."""
    if isinstance(node, ast.Name):
        yield node
    if not isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.SetComp):
        for inner in ast.iter_child_nodes(node):
            yield from _straight(inner)


class _Put(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self.name, self.value = name, value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.value if node.id == self.name else node
