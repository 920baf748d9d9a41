"""Arithmetic in place, on a clone of whichever operand has the result's shape."""

import ast

from .order import is_sequence

HELPERS = '''
def _into(a, b, name):
    """a.clone() with b worked into it; what is no tensor or does not fit is computed as usual."""
    plain = {"add_": operator.add, "sub_": operator.sub, "mul_": operator.mul, "div_": operator.truediv}[name]
    fits = isinstance(a, torch.Tensor) and a.is_floating_point()
    if fits and isinstance(b, torch.Tensor):
        fits = a.dtype == b.dtype and torch.broadcast_shapes(a.shape, b.shape) == a.shape
    if not fits or not isinstance(b, torch.Tensor | float | int):
        return plain(a, b)
    out = a.clone()
    getattr(out, name)(b)
    return out
'''
HELPERS = "import operator\n\n" + HELPERS
_NAMES = {ast.Add: "add_", ast.Sub: "sub_", ast.Mult: "mul_", ast.Div: "div_"}


def in_place(function: ast.FunctionDef, entry: bool) -> list[ast.stmt]:
    transformer = _InPlace()
    function.body = [transformer.visit(statement) for statement in function.body]
    return [function]


class _InPlace(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = _NAMES.get(type(node.op))
        if name is None or is_sequence(node.left) or is_sequence(node.right):
            return node
        operands: list[ast.expr] = [node.left, node.right, ast.Constant(name)]
        if name in ("add_", "mul_") and _is_small(node.left):
            operands[:2] = node.right, node.left
        return ast.Call(ast.Name("_into", ast.Load()), operands, [])


def _is_small(node: ast.expr) -> bool:
    """A number, a root, an entry of a table: what stands before an image as its weight."""
    return isinstance(node, ast.Constant | ast.Call | ast.Subscript)
