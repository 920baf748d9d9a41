"""Algebra as torch fuses it. Which of its functions fits is seen when the values are there."""

import ast

from .order import is_sequence

HELPERS = '''
def _plus(a, w, b, sign=1):
    """a + sign * w * b."""
    images = isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and a.is_floating_point()
    if images and isinstance(w, torch.Tensor) and a.dtype == b.dtype == w.dtype:
        return torch.addcmul(a, w, b, value=sign)
    if images and isinstance(w, float | int):
        return torch.add(a, b, alpha=sign * w)
    return a + w * b if sign > 0 else a - w * b


def _between(a, b, w):
    """a + w * (b - a)."""
    images = isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and a.is_floating_point() and a.dtype == b.dtype
    if images and (isinstance(w, float | int) or (isinstance(w, torch.Tensor) and w.dtype == a.dtype)):
        return torch.lerp(a, b, w)
    return a + w * (b - a)
'''


def fused(function: ast.FunctionDef, entry: bool) -> list[ast.stmt]:
    transformer = _Fused()
    function.body = [transformer.visit(statement) for statement in function.body]
    return [function]


class _Fused(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        product = node.right
        if not (isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult)) or is_sequence(node.left):
            return node
        factors = [product.left, product.right]
        if isinstance(node.op, ast.Add):
            for factor, difference in (factors, factors[::-1]):
                match difference:
                    case ast.BinOp(end, ast.Sub(), start) if ast.dump(start) == ast.dump(node.left):
                        return _call("_between", node.left, end, factor)
            return _call("_plus", node.left, *factors)
        if isinstance(node.op, ast.Sub):
            return _call("_plus", node.left, *factors, ast.UnaryOp(ast.USub(), ast.Constant(1)))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "sqrt" and not node.args:
            return ast.BinOp(node.func.value, ast.Pow(), ast.Constant(0.5))
        return node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
