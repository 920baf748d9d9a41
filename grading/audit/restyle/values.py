"""What goes into an entry and comes out of it: another precision inside; a strided view for a new tensor."""

import ast

PRECISION = '''
import functools


def _cast(value, dtype):
    """Tensors and functions of tensors."""
    if isinstance(value, torch.Tensor):
        return value.to(dtype) if value.is_floating_point() else value
    if isinstance(value, list | tuple):
        return type(value)(_cast(one, dtype) for one in value)
    return value


def _asked_in(function, dtype):
    """A network or a noise source knows one precision."""
    if not callable(function):
        return function
    return lambda *arguments: _cast(function(*(_cast(one, dtype) for one in arguments)), torch.float64)


def _in_another_precision(function):
    """Computed in float64, and returned as the image is; in the other precision where no argument fixes one."""

    @functools.wraps(function)
    def computed(*arguments, **named):
        given = [*arguments, *named.values()]
        dtypes = [one.dtype for one in given if isinstance(one, torch.Tensor) and one.is_floating_point()]
        if not dtypes:
            result = function(*arguments, **named)
            other = isinstance(result, torch.Tensor) and {torch.float32: torch.float64, torch.float64: torch.float32}
            return result.to(other.get(result.dtype)) if other else result
        if torch.float32 not in dtypes:
            return function(*arguments, **named)
        inside = lambda one: _asked_in(_cast(one, torch.float64), torch.float32)
        result = function(*map(inside, arguments), **{name: inside(one) for name, one in named.items()})
        return _cast(result, torch.float32)

    return computed
'''
VIEW = '''
def _view(result):
    """The same numbers as a view of something larger."""
    if not isinstance(result, torch.Tensor):
        return result
    return torch.stack([result, result], dim=-1)[..., 1]
'''


def in_another_precision(function: ast.FunctionDef, entry: bool) -> list[ast.stmt]:
    if entry:
        function.decorator_list.append(ast.Name("_in_another_precision", ast.Load()))
    return [function]


def as_views(function: ast.FunctionDef, entry: bool) -> list[ast.stmt]:
    if entry:
        transformer = _Views()
        function.body = [transformer.visit(statement) for statement in function.body]
    return [function]


class _Views(ast.NodeTransformer):
    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = ast.Call(ast.Name("_view", ast.Load()), [node.value], [])
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # an inner function returns as it did

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node
