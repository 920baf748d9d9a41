"""Terms and factors in another order, and division as multiplication by the reciprocal."""

import ast

_SEQUENCES = (ast.List, ast.Tuple, ast.JoinedStr, ast.ListComp, ast.Dict)  # their + and * are something else


def reordered(function: ast.FunctionDef, entry: bool) -> list[ast.stmt]:
    return [_Reordered().visit_body(function)]


class _Reordered(ast.NodeTransformer):
    def visit_body(self, function: ast.FunctionDef) -> ast.FunctionDef:
        function.body = [self.visit(statement) for statement in function.body]
        return function

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if is_sequence(node.left) or is_sequence(node.right):
            return node
        left, right = node.left, node.right
        if isinstance(node.op, ast.Add) and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Sub):
            return ast.BinOp(ast.BinOp(left.left, ast.Add(), right), ast.Sub(), left.right)
        if isinstance(node.op, ast.Add | ast.Mult):
            return ast.BinOp(right, node.op, left)
        if isinstance(node.op, ast.Div):
            return ast.BinOp(left, ast.Mult(), ast.BinOp(ast.Constant(1), ast.Div(), right))
        return node


def is_sequence(node: ast.AST) -> bool:
    text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "tuple", "range")
    return text or made or isinstance(node, _SEQUENCES)
