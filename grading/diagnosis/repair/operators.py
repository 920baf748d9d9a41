"""Small changes of code: a piece of a syntax tree, and the pieces that may take its place.

The audit makes wrong code of right code by them, a repair right code of wrong code. A replacement is a new piece, or
``DROPPED`` for a statement that is left out. Every operator looks at one node alone; where a change is made at all is
for the caller to say.
"""

import ast
from collections.abc import Callable, Iterator

DROPPED = None
Replacement = ast.AST | list[ast.stmt] | None
Operator = Callable[[ast.AST], Iterator[Replacement]]

EXCHANGED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
RENAMED = {  # of functions, methods and keywords; each stands for the other
    "min": "max",
    "sum": "mean",
    "sin": "cos",
    "zeros_like": "ones_like",
    "zeros": "ones",
    "rows": "columns",
    "height": "width",
    "t": "t_prev",
    "abar_t": "abar_prev",
}
RENAMED |= {new: old for old, new in RENAMED.items()}
MODULES = ("torch", "F", "nn", "math", "self")  # a call on one of these takes what it works on as an argument


def exchanged_operators(node: ast.AST) -> Iterator[Replacement]:
    """+ for -, * for /, < for <= and for >=, and for or."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp):
        for other in EXCHANGED.get(type(node.op), ()):
            yield with_fields(node, op=other())
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in EXCHANGED.get(type(node.ops[0]), ()):
            yield with_fields(node, ops=[other()])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not) and number(node) is None:
        yield node.operand


def changed_constants(node: ast.AST) -> Iterator[Replacement]:
    """0, 1, -1, one more, half and twice as much; the other truth value."""
    value = number(node)
    if value is not None:
        half = value // 2 if isinstance(value, int) and value % 2 == 0 else value / 2
        others = [0, 1, -1, value + 1, half, 2 * value]
        if isinstance(value, int):
            others = [other for other in others if other == int(other)]  # a size or an index stays one
        for other in dict.fromkeys(type(value)(other) for other in others):
            if other != value:
                yield ast.parse(repr(other), mode="eval").body
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)


def changed_indices(node: ast.AST) -> Iterator[Replacement]:
    """One less; a variable index moved by one either way; the ends of a slice moved by one, or left out."""
    if isinstance(node, ast.Subscript):
        for index in _shifted(node.slice):
            yield with_fields(node, slice=index)
    if isinstance(node, ast.Slice):
        for end in ("lower", "upper"):
            bound = getattr(node, end)
            if bound is not None:
                yield with_fields(node, **{end: None})
                for shifted in _shifted(bound):
                    yield with_fields(node, **{end: shifted})


def _shifted(index: ast.expr) -> Iterator[ast.expr]:
    value = number(index)
    if isinstance(value, int):
        yield ast.parse(repr(value - 1), mode="eval").body
    elif isinstance(index, ast.Name):
        yield from (ast.BinOp(index, operator, ast.Constant(1)) for operator in (ast.Add(), ast.Sub()))


def dropped_calls(node: ast.AST) -> Iterator[Replacement]:
    """x for f(x) and for x.f(); a list of layers without one of them."""
    if not isinstance(node, ast.Call):
        return
    method = node.func if isinstance(node.func, ast.Attribute) else None
    if method is not None and ast.unparse(root(method)) not in (*MODULES, "super()"):
        yield method.value
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    for i, argument in enumerate(node.args):
        if isinstance(argument, ast.Call) and isinstance(root(node.func), ast.Call):  # super().__init__(layer, layer)
            yield with_fields(node, args=node.args[:i] + node.args[i + 1 :])


def root(node: ast.expr) -> ast.expr:
    """torch in torch.optim.Adam, and super() in super().__init__."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def swapped_arguments(node: ast.AST) -> Iterator[Replacement]:
    """f(b, a) for f(a, b): each two neighbours, but for min and max; one branch of a conditional expression."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) not in ("min", "max"):
        for i in range(len(node.args) - 1):
            yield with_fields(node, args=[*node.args[:i], node.args[i + 1], node.args[i], *node.args[i + 2 :]])
    if isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)


def renamed(node: ast.AST) -> Iterator[Replacement]:
    """min for max, sum for mean, t for t_prev."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in RENAMED:
        yield with_fields(node, id=RENAMED[node.id])
    if isinstance(node, ast.Attribute) and node.attr in RENAMED:
        yield with_fields(node, attr=RENAMED[node.attr])
    if isinstance(node, ast.keyword) and node.arg in RENAMED:
        yield with_fields(node, arg=RENAMED[node.arg])


def dropped_statements(node: ast.AST) -> Iterator[Replacement]:
    """Nothing for a statement that only acts; the block alone for a condition or a context."""
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Delete):
        yield DROPPED
    if isinstance(node, ast.If):
        yield node.body
        yield node.orelse or DROPPED
    if isinstance(node, ast.With):
        yield node.body
    if isinstance(node, ast.Assign) and _names(node.targets[0]) & _names(node.value):
        yield DROPPED  # x = f(x); without any other assignment the name would only be missing
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        yield with_fields(node, decorator_list=[])


OPERATORS: dict[str, Operator] = {
    "operator": exchanged_operators,
    "constant": changed_constants,
    "index": changed_indices,
    "call": dropped_calls,
    "arguments": swapped_arguments,
    "name": renamed,
    "statement": dropped_statements,
}


def replacements(node: ast.AST) -> Iterator[tuple[str, Replacement]]:
    """Every operator's replacements for one node, in a fixed order."""
    for name, operator in OPERATORS.items():
        for replacement in operator(node):
            yield name, replacement


def with_fields(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of a node with other fields."""
    return ast.copy_location(type(node)(**{name: getattr(node, name, None) for name in node._fields} | fields), node)


def number(node: ast.AST) -> int | float | None:
    """A literal number, the minus sign included."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    return None


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
