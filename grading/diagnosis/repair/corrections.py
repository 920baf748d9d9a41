"""The small changes that are tried at one place, each with what it would mean: what is wrong there, in a student's words.

To the operators of the audit's mutants come those that only right code is reached by: what stands in scope may stand
here, a call may be missing, a part may be one too many.
"""

import ast
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, TypeGuard

from . import operators
from .operators import Replacement, number, with_fields
from .places import Place

LIKELY, NAMES, NEXT, POSSIBLE, FAR = range(5)  # how soon a correction is tried, and which of several is the mistake

AT_ONE_VALUE = "the condition decides wrongly at one value"
CONDITION = "the condition decides wrongly"
INDEX = "an index is off by one"
WRONG_INDEX = "an index is wrong"
OFF_BY_ONE = "a number is off by one"
CONSTANT = "a constant is wrong"
BOUND = "a bound is wrong"
SETTING = "True and False are exchanged"
DEFAULT = "a default is wrong"
NAME = "the wrong variable is used"
OPERATOR = "an operator is wrong"
SIDES = "the two sides of an operator are the wrong way round"
SIGN = "a sign is wrong"
TOO_MUCH = "something stands there that does not belong there"
MISSING = "a part of the formula is missing"
ONE_CALL_TOO_MANY = "a call is one too many"
NO_CALL = "a call is missing"
NO_COPY = "what is changed in place is still needed as it was: a copy is missing"
WRONG_CALL = "the wrong function is called"
ARGUMENTS = "arguments are in the wrong places"
KEYWORD = "a keyword argument is missing or wrong"
NOT_HANDED_ON = "an argument is not handed on"
NONE_HANDED_ON = "arguments are not handed on"
STATEMENT = "a statement is one too many"
CASE = "a case is treated apart that should not be"
ORDER = "two statements are in the wrong order"
TOO_SOON = "what follows is never run"
NO_RETURN = "the result is not returned"
SAME_INDEX = "every round of the loop uses the same index"
GRAPH = "gradients flow there that should not"

REMOVING = (TOO_MUCH, ONE_CALL_TOO_MANY, STATEMENT, CASE)

_TOUCHING = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_BOUNDING = ("clamp", "clamp_", "clip", "clip_", "clamp_min", "clamp_max", "max", "min", "maximum", "minimum")
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_ALIKE = [  # functions of which one is written for another
    {"sum", "mean", "norm"},
    {"sqrt", "square", "abs"},
    {"exp", "log", "softplus", "sigmoid"},
    {"cumprod", "cumsum"},
    {"zeros_like", "ones_like", "randn_like", "rand_like"},
    {"randn", "rand", "zeros", "ones"},
    {"sin", "cos"},
    {"flip", "fliplr", "flipud"},
    {"floor", "ceil", "round"},
    {"min", "max"},
    {"logsigmoid", "softplus"},
    {"mse_loss", "l1_loss"},
    {"matmul", "mul"},
]
_WRAPPED = [  # what a part may have to be put into: how soon it is tried, what its lack means
    ("_ ** 0.5", NEXT, NO_CALL),
    ("-_", NEXT, SIGN),
    ("1 - _", NEXT, MISSING),
    ("_.detach()", NEXT, GRAPH),
    ("_ ** 2", NEXT, MISSING),
    ("2 * _", POSSIBLE, MISSING),
    ("_ / 2", POSSIBLE, MISSING),
    ("abs(_)", POSSIBLE, NO_CALL),
    ("1 / _", POSSIBLE, MISSING),
    ("_ + 1", FAR, OFF_BY_ONE),
    ("_ - 1", FAR, OFF_BY_ONE),
    ("_.mT", FAR, NO_CALL),
    ("0 * _", FAR, MISSING),
    ("_.flip(-2)", FAR, NO_CALL),
    ("_.mean()", FAR, NO_CALL),
    ("_.sum()", FAR, NO_CALL),
    ("_.exp()", FAR, NO_CALL),
    ("_.clamp(-1, 1)", FAR, NO_CALL),
    ("_.reshape(-1, 1, 1, 1)", FAR, NO_CALL),
]
_WRAPPED_TREES = [(ast.parse(text, mode="eval").body, tier, said) for text, tier, said in _WRAPPED]
_ADDED: dict[str, bool | int | str] = {"keepdim": True, "create_graph": True, "dim": 0, "reduction": "sum"}


class Correction(NamedTuple):
    tier: int
    said: str
    replacement: Replacement
    line: int | None = None  # where that is seen, if not where the piece stands


@dataclass(frozen=True)
class Scope:
    """What could be written at some place of a definition."""

    names: tuple[str, ...]  # parameters, and what is assigned on lines before
    numbers: tuple[float, ...]  # that stand in the definition
    attributes: dict[str, tuple[str, ...]]  # of one object: "self" → ("betas", "alphas")
    functions: tuple[str, ...]  # that are called with one argument
    defaults: dict[str, str]  # of the graded function, as the contract has them
    constants: dict[str, tuple[ast.expr, int]]  # numbers that the file gives a name to, each with its line
    furthest: int = FAR  # tier that is asked for


def corrections(place: Place, scope: Scope) -> Iterator[Correction]:
    """Everything that is tried at one place."""
    node = place.piece
    called = isinstance(place.holder, ast.Call) and place.name == "func" and isinstance(node, ast.Name | ast.Attribute)
    if isinstance(node, ast.stmt):
        yield from _of_statements(node, scope)
    elif isinstance(node, ast.keyword):
        yield Correction(POSSIBLE, KEYWORD, [])  # left out
    elif called:
        yield from _functions(node, scope)
    elif isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Load | None):
        is_default = isinstance(place.holder, ast.arguments)
        for one in (
            *_expressions(node, place),
            *_names(node, scope),
            *_constants(node, place, scope),
            *_handed_on(node, scope),
        ):
            yield one._replace(said=DEFAULT) if is_default else one


def _expressions(node: ast.expr, place: Place) -> Iterator[Correction]:
    compared = type(node.ops[0]) if isinstance(node, ast.Compare) and len(node.ops) == 1 else None
    if compared in _TOUCHING:
        yield Correction(LIKELY, AT_ONE_VALUE, with_fields(node, ops=[_TOUCHING[compared]()]))
    if place.name == "test" and isinstance(place.holder, ast.If | ast.IfExp):
        yield Correction(LIKELY, CONDITION, ast.UnaryOp(ast.Not(), node))
    if compared in _COMPARISONS:
        for other in _COMPARISONS:
            if other not in (compared, _TOUCHING.get(compared)):
                yield Correction(LIKELY, CONDITION, with_fields(node, ops=[other()]))
    if isinstance(place.holder, ast.Attribute) and place.holder.attr.endswith("_"):
        copied = ast.Call(ast.Attribute(node, "clone", ast.Load()), [], [])
        yield Correction(LIKELY, NO_COPY, copied)
    if place.name == "iter":
        yield Correction(POSSIBLE, NO_CALL, ast.Call(ast.Name("range", ast.Load()), [node], []))
    if isinstance(node, ast.BoolOp):
        yield from _each(LIKELY, CONDITION, operators.exchanged_operators(node))
        yield from _each(POSSIBLE, CONDITION, node.values)
    if isinstance(node, ast.UnaryOp) and number(node) is None:
        yield Correction(LIKELY, SIGN if isinstance(node.op, ast.USub) else CONDITION, node.operand)
    if isinstance(node, ast.BinOp):
        yield from _arithmetic(node)
    yield from _each(LIKELY, INDEX, operators.changed_indices(node))
    yield from _each(LIKELY, INDEX, _next_index(node))
    if isinstance(node, ast.IfExp):
        yield from _each(LIKELY, CONDITION, (node.body, node.orelse))
    if isinstance(node, ast.Call):
        yield from _each(LIKELY, ARGUMENTS, operators.swapped_arguments(node))
        yield from _each(LIKELY, ONE_CALL_TOO_MANY, operators.dropped_calls(node))
        yield from _each(FAR, ONE_CALL_TOO_MANY, node.args[1:])
        for i in range(len(node.args)):
            yield Correction(FAR, TOO_MUCH, with_fields(node, args=node.args[:i] + node.args[i + 1 :]))
        for name, value in _ADDED.items():
            if all(keyword.arg != name for keyword in node.keywords):
                keywords = [*node.keywords, ast.keyword(name, ast.Constant(value))]
                yield Correction(FAR, KEYWORD, with_fields(node, keywords=keywords))
    if isinstance(node, ast.Subscript):
        yield Correction(POSSIBLE, TOO_MUCH, node.value)
    if isinstance(node, ast.List) and len(node.elts) > 1:
        for i in range(len(node.elts)):
            yield Correction(POSSIBLE, TOO_MUCH, with_fields(node, elts=node.elts[:i] + node.elts[i + 1 :]))


def _handed_on(node: ast.expr, scope: Scope) -> Iterator[Correction]:
    """What the graded function may leave to its default, and here does not hand on under that name."""
    if not isinstance(node, ast.Call):
        return
    mentioned = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} | {one.arg for one in node.keywords}
    missing = [name for name in scope.defaults if name in scope.names and name not in mentioned]
    for names in ([missing] if len(missing) > 1 else []) + [[name] for name in missing]:
        more = [ast.keyword(name, ast.Name(name, ast.Load())) for name in names]
        said = NOT_HANDED_ON if len(names) == 1 else NONE_HANDED_ON
        yield Correction(NEXT, said, with_fields(node, keywords=[*node.keywords, *more]))


def _arithmetic(node: ast.BinOp) -> Iterator[Correction]:
    kind = type(node.op)
    for other in operators.EXCHANGED.get(kind, ()):
        sign = {kind, other} == {ast.Add, ast.Sub}
        yield Correction(LIKELY, SIGN if sign else OPERATOR, with_fields(node, op=other()))
    yield from _each(NEXT, TOO_MUCH, (node.left, node.right))
    if kind in (ast.Sub, ast.Div, ast.Pow, ast.FloorDiv):
        yield Correction(LIKELY, SIDES, ast.BinOp(node.right, node.op, node.left))
    for other in _ARITHMETIC:
        if other is not kind and other not in operators.EXCHANGED.get(kind, ()):
            yield Correction(POSSIBLE, OPERATOR, with_fields(node, op=other()))
    if kind is ast.Div:
        yield Correction(POSSIBLE, OPERATOR, with_fields(node, op=ast.FloorDiv()))
    if isinstance(node.left, ast.BinOp):  # (a + b) * c for a + b * c, and a * (b + c) for a * b + c
        inner = node.left
        yield Correction(
            POSSIBLE, OPERATOR, ast.BinOp(inner.left, inner.op, ast.BinOp(inner.right, node.op, node.right))
        )
    if isinstance(node.right, ast.BinOp):
        inner = node.right
        yield Correction(
            POSSIBLE, OPERATOR, ast.BinOp(ast.BinOp(node.left, node.op, inner.left), inner.op, inner.right)
        )


def _names(node: ast.expr, scope: Scope) -> Iterator[Correction]:
    """Another variable for a variable, an attribute for another one; what a part of a formula may have to be put into."""
    local = isinstance(node, ast.Name) and node.id in scope.names
    if isinstance(node, ast.Name) and local:
        for name in scope.names:
            if name != node.id:
                yield Correction(NAMES, NAME, ast.Name(name, ast.Load()))
    if isinstance(node, ast.Attribute):
        for name in scope.attributes.get(ast.unparse(node.value), ()):
            if name != node.attr:
                yield Correction(NAMES, NAME, with_fields(node, attr=name))
    if isinstance(node, ast.Subscript):
        for name in scope.names:
            yield Correction(POSSIBLE, NAME, with_fields(node, slice=ast.Name(name, ast.Load())))
            yield Correction(FAR, NAME, ast.Name(name, ast.Load()))
    if isinstance(node, ast.Call | ast.BinOp):
        inside = dict.fromkeys(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in scope.names)
        for name in inside:
            yield Correction(POSSIBLE, TOO_MUCH, ast.Name(name, ast.Load()))
    if local or isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.BinOp):
        for template, tier, said in (one for one in _WRAPPED_TREES if one[1] <= scope.furthest):
            yield Correction(tier, said, _filled(template, node))
        for function in scope.functions:
            called = ast.Call(ast.parse(function, mode="eval").body, [node], [])
            yield Correction(POSSIBLE, NO_CALL, called)


def _constants(node: ast.expr, place: Place, scope: Scope) -> Iterator[Correction]:
    value = number(node)
    if value is not None:
        compared = isinstance(place.holder, ast.Compare)
        said = WRONG_INDEX if _in_an_index(node, place.statement) else CONDITION if compared else CONSTANT
        said = BOUND if said == CONSTANT and _is_a_bound(node, place.statement) else said
        yield from _each(LIKELY, said, operators.changed_constants(node))
        yield from _each(LIKELY, said, (_literal(value - 1), _literal(-value)))
        others = dict.fromkeys((*scope.numbers, 2, 0.5, 1e-4))
        yield from (Correction(POSSIBLE, said, _literal(other)) for other in others if other != value)
        yield from (Correction(FAR, NAME, ast.Name(name, ast.Load())) for name in scope.names)
    elif isinstance(node, ast.Name) and node.id in scope.constants and node.id not in scope.names:
        named, line = scope.constants[node.id]
        for other in operators.changed_constants(named):
            yield Correction(LIKELY, CONSTANT, other, line)
        for value in dict.fromkeys((*scope.numbers, 2, 0.5, 1e-4)):
            yield Correction(POSSIBLE, CONSTANT, _literal(value), line)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield Correction(LIKELY, SETTING, ast.Constant(not node.value))


def _in_an_index(node: ast.expr, statement: ast.stmt) -> bool:
    indices = (one.slice for one in ast.walk(statement) if isinstance(one, ast.Subscript))
    return any(inner is node for index in indices for inner in ast.walk(index))


def _is_a_bound(node: ast.expr, statement: ast.stmt) -> bool:
    calls = (one for one in ast.walk(statement) if isinstance(one, ast.Call))
    bounding = [one for one in calls if getattr(one.func, "attr", getattr(one.func, "id", "")) in _BOUNDING]
    return any(node in (*one.args, *(keyword.value for keyword in one.keywords)) for one in bounding)


def _functions(node: ast.AST, scope: Scope) -> Iterator[Correction]:
    """Another function of the same kind, or one that is called near by."""
    field = "id" if isinstance(node, ast.Name) else "attr"
    name = getattr(node, field, "")
    for kind in _ALIKE:
        for other in sorted(kind - {name}) if name in kind else ():
            yield Correction(LIKELY, WRONG_CALL, with_fields(node, **{field: other}))
    if isinstance(node, ast.Attribute) and name.endswith("_") and not name.endswith("__"):
        yield Correction(POSSIBLE, WRONG_CALL, with_fields(node, attr=name.rstrip("_")))  # x.add for x.add_
    for function in scope.functions:
        yield Correction(POSSIBLE, WRONG_CALL, ast.parse(function, mode="eval").body)


def _of_statements(node: ast.stmt, scope: Scope) -> Iterator[Correction]:
    if isinstance(node, ast.FunctionDef):
        yield from _of_functions(node, scope)
        return
    for other in operators.dropped_statements(node):
        said = STATEMENT if not isinstance(node, ast.If) else CONDITION if other is not operators.DROPPED else CASE
        yield Correction(LIKELY, said, other)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        name = node.target.id
        yield from _each(LIKELY, OPERATOR, operators.exchanged_operators(node))
        value = ast.BinOp(ast.Name(name, ast.Load()), node.op, node.value)
        yield Correction(LIKELY, overwritten(name), ast.Assign([node.target], value, lineno=node.lineno))
    if isinstance(node, ast.For):
        yield from _each(LIKELY, SAME_INDEX, _counted(node))
    for field in ("body", "orelse"):
        yield from _in_another_order(node, field)


def _of_functions(node: ast.FunctionDef, scope: Scope) -> Iterator[Correction]:
    own = node.args.defaults
    named = node.args.args[len(node.args.args) - len(own) :]
    for i, argument in enumerate(named):
        if argument.arg in scope.defaults:
            value = ast.parse(scope.defaults[argument.arg], mode="eval").body
            arguments = with_fields(node.args, defaults=[*own[:i], value, *own[i + 1 :]])
            yield Correction(LIKELY, DEFAULT, with_fields(node, args=arguments), own[i].lineno)
    written = [getattr(one, "lineno", 0) for one in ast.walk(node) if _writes(one)]
    for argument in node.args.args if written else []:
        kept = with_fields(node, body=_on_a_copy(argument.arg, node.body))
        yield Correction(LIKELY, overwritten(argument.arg), kept, min(written))
    last = node.body[-1]
    if isinstance(last, ast.Expr | ast.Assign):
        value = last.targets[0] if isinstance(last, ast.Assign) else last.value
        result = ast.Return(ast.parse(ast.unparse(value), mode="eval").body)
        kept_last = [last] if isinstance(last, ast.Assign) else []
        yield Correction(LIKELY, NO_RETURN, with_fields(node, body=[*node.body[:-1], *kept_last, result]))
    yield from _in_another_order(node, "body")
    without: Any = _statement("with torch.no_grad():\n    pass")
    without.body = node.body
    yield Correction(POSSIBLE, GRAPH, with_fields(node, body=[without]))


def _in_another_order(node: ast.stmt, field: str) -> Iterator[Correction]:
    """A block with two neighbours exchanged; where the first of them leaves it, the second was never reached."""
    block = getattr(node, field, [])
    for i, (one, other) in enumerate(pairwise(block)):
        said = TOO_SOON if isinstance(one, ast.Return | ast.Break | ast.Continue) else ORDER
        swapped = [*block[:i], other, one, *block[i + 2 :]]
        yield Correction(FAR, said, with_fields(node, **{field: swapped}), one.lineno)


def overwritten(name: str) -> str:
    return f"`{name}` is overwritten"


def _on_a_copy(name: str, body: list[ast.stmt]) -> list[ast.stmt]:
    """A body that works on a copy of an argument, and on one image of it at a time where it loops over them.

    What a loop over a tensor gives are views that autograd lets nobody write into.
    """
    images = ast.parse(f"map({name}.__getitem__, range(len({name})))", mode="eval").body
    copied = [copy.deepcopy(statement) for statement in body]
    for loop in (one for statement in copied for one in ast.walk(statement) if isinstance(one, ast.For)):
        if isinstance(loop.iter, ast.Name) and loop.iter.id == name:
            loop.iter = images
    return [_statement(f"{name} = {name}.clone()"), *copied]


def _writes(node: ast.AST) -> bool:
    """Whether a tensor may be changed in place here: x[0] = 1, x += 1, x.add_(1)."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr.endswith("_")
    return isinstance(node, ast.AugAssign) or any(isinstance(one, ast.Subscript) for one in targets)


def _counted(node: ast.For) -> Iterator[ast.AST]:
    """The loop with a counter in the place of each constant index that stands in its body."""
    indices = {number(one.slice) for statement in node.body for one in ast.walk(statement) if _constant_index(one)}
    first = (
        node.iter.slice.lower
        if isinstance(node.iter, ast.Subscript) and isinstance(node.iter.slice, ast.Slice)
        else None
    )
    start = number(first) if first is not None else 0
    for index in sorted(indices, key=str):
        body = [_Counting(index).visit(copy.deepcopy(statement)) for statement in node.body]
        target = ast.Tuple([ast.Name("index_", ast.Store()), node.target], ast.Store())
        numbered = ast.Call(ast.Name("enumerate", ast.Load()), [node.iter, ast.Constant(start or 0)], [])
        yield with_fields(node, target=target, iter=numbered, body=body)


class _Counting(ast.NodeTransformer):
    def __init__(self, index: float | None) -> None:
        self.index = index

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        counted = _constant_index(node) and number(node.slice) == self.index
        return with_fields(node, slice=ast.Name("index_", ast.Load())) if counted else node


def _constant_index(node: ast.AST) -> TypeGuard[ast.Subscript]:
    return isinstance(node, ast.Subscript) and isinstance(number(node.slice), int)


def _next_index(node: ast.AST) -> Iterator[Replacement]:
    """One more, where the index is a number; the operators have one less."""
    if isinstance(node, ast.Subscript):
        value = number(node.slice)
        if isinstance(value, int):
            yield with_fields(node, slice=_literal(value + 1))
    if isinstance(node, ast.Slice):
        for end in ("lower", "upper"):
            value = number(bound) if (bound := getattr(node, end)) is not None else None
            if isinstance(value, int):
                yield with_fields(node, **{end: _literal(value + 1)})


def _each(tier: int, said: str, replacements: Iterable[Replacement]) -> Iterator[Correction]:
    return (Correction(tier, said, one) for one in replacements)


def _filled(template: ast.AST, node: ast.AST) -> ast.AST:
    """A template with a node in the place of its ``_``."""
    if isinstance(template, ast.Name) and template.id == "_":
        return node
    changed = {
        name: [_filled(one, node) for one in value] if isinstance(value, list) else _filled(value, node)
        for name, value in ast.iter_fields(template)
        if isinstance(value, ast.AST | list)
    }
    return with_fields(template, **changed)


def _literal(value: float) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body


def _statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]
