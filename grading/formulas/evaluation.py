"""The value of a formula's side: tensors in float64, functions as functions, sums over indices one by one."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from .latex import NotUnderstood
from .latex.tree import (
    Applied,
    ArgMin,
    Both,
    Cases,
    Chain,
    Composed,
    Expectation,
    Floor,
    Gradient,
    Indexed,
    Listed,
    Name,
    Node,
    Number,
    Over,
    Power,
    Product,
    Quotient,
    Root,
    Size,
    Span,
    Sum,
    Transposed,
    spelling_of,
)  # fmt: skip
from .scope import Range, Scope, as_number

MOST = 10_000  # values that an index takes
NO_VALUE = (RuntimeError, TypeError, ValueError, AttributeError, KeyError)
COMPARE = {"≤": operator.le, "≥": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq}


@dataclass(frozen=True)
class Normal:
    """𝒩(m, v): what is drawn from it is no number, but its mean and how it is spread are known."""

    mean: Any
    variance: Any


class Minimiser:
    """arg min: it is known by what it minimises."""

    def __init__(self, loss: Callable[[Tensor], Tensor]) -> None:
        self.loss = loss


def evaluate(node: Node, scope: Scope) -> Any:
    """The value of one side of a formula.

    Raises:
        NotKnown: a symbol that means nothing in this scope.
        NotUnderstood: something that has no value, with its place.
        IndexError: an index outside of a table.
    """
    try:
        return _VALUES[type(node)](node, scope)
    except NO_VALUE as error:
        raise not_computed(node, error) from error


def not_computed(node: Node, error: Exception) -> NotUnderstood:
    """Shapes that do not go together, a function that refuses its arguments: said at the formula's place."""
    why = (str(error) or type(error).__name__).splitlines()[0]
    return NotUnderstood(f"this cannot be computed: {why}", node.start, node.end)


def _no_value(node: Node, _: Scope) -> Any:
    raise NotUnderstood("this has no value by itself", node.start, node.end)


def _sum(node: Sum, scope: Scope) -> Any:
    values = (
        value if sign > 0 else -value for sign, value in ((sign, evaluate(one, scope)) for sign, one in node.terms)
    )
    return reduce(operator.add, values)


def _product(node: Product, scope: Scope) -> Any:
    return reduce(_times, (evaluate(factor, scope) for factor in node.factors))


def _times(left: Any, right: Any) -> Any:
    """Side by side: (f ∘ g)(x) is a call."""
    return left(right) if callable(left) and not isinstance(left, Tensor) else left * right


def _power(node: Power, scope: Scope) -> Any:
    exponent = evaluate(node.exponent, scope)
    if isinstance(node.of, Applied) and not scope.has(f"{spelling_of(node.of)}()"):
        to = evaluate(node.of.to, scope)
        if not callable(to) and len(node.of.arguments) == 1:  # s (…)² is a product
            return to * evaluate(node.of.arguments[0], scope) ** exponent
    return evaluate(node.of, scope) ** exponent


def _applied(node: Applied, scope: Scope) -> Any:
    if isinstance(node.to, Name) and f"{node.to.spelling}()" in scope.notation:
        return scope.called(node.to, node.arguments)
    to = evaluate(node.to, scope)
    arguments = [evaluate(one, scope) for one in node.arguments]
    if callable(to) and not isinstance(to, Tensor):
        return to(*arguments)
    if len(arguments) != 1:
        raise NotUnderstood("this is no function here", node.to.start, node.to.end)
    return to * arguments[0]


def _indexed(node: Indexed, scope: Scope) -> Any:
    value = evaluate(node.of, scope)
    for index in node.indices:
        value = value[int(evaluate(index, scope))]
    return value


def _over(node: Over, scope: Scope) -> Any:
    values = [evaluate(node.of, one) for one in _each(node, scope)]
    if not values:
        return as_number(0 if node.kind == "sum" else 1)
    return reduce(operator.add if node.kind == "sum" else operator.mul, values)


def _each(node: Over, scope: Scope) -> Iterator[Scope]:
    """A scope for each value of the indices."""
    scopes = [scope]
    for index in node.indices:
        numbers = _numbers(node, index, scope)
        scopes = [one.binding({index.spelling: as_number(i)}) for one in scopes for i in numbers]
    yield from scopes


def _numbers(node: Over, index: Name, scope: Scope) -> Range:
    if node.low is not None and node.high is not None:
        low, high = int(evaluate(node.low, scope)), int(evaluate(node.high, scope))
        if high - low > MOST:
            raise NotUnderstood(f"more than {MOST} values one by one", node.start, node.of.start)
        return Range(low, high)
    # an index of the result may have the same letter
    numbers = replace(scope, bound={}).value(index)
    if not isinstance(numbers, Range):
        raise NotUnderstood(f"over which {index.spelling}? Expected limits", node.start, node.of.start)
    return numbers


def _expectation(node: Expectation, scope: Scope) -> Any:
    """The mean over the samples; the thing itself where one draw is what a function is handed."""
    value = evaluate(node.of, replace(scope, per_sample=True))
    if isinstance(value, Normal):
        return value.mean
    once = scope.table.get("𝔼", "")
    if node.over and not isinstance(once, str) and set(node.over) <= set(once(scope.arguments)):
        return value
    return value.mean(dim=0) if value.ndim else value


def _gradient(node: Gradient, scope: Scope) -> Any:
    by = scope.value(node.by) if node.by is not None else scope.value(Name(node.start, node.end, "∇"))
    if not (isinstance(by, Tensor) and by.requires_grad):
        raise NotUnderstood("there is no gradient by this", node.start, node.of.start)
    value = evaluate(node.of, replace(scope, per_sample=True))
    return torch.autograd.grad(value.sum(), by, retain_graph=True)[0]


def _size(node: Size, scope: Scope) -> Any:
    value = evaluate(node.of, scope)
    if not node.is_norm:
        return value.abs()
    order = 2.0 if node.norm is None else float(evaluate(node.norm, scope))
    if scope.per_sample and value.ndim > 1:
        return torch.linalg.vector_norm(value.flatten(1), order, dim=1)
    return torch.linalg.vector_norm(value, order)


def _arg_min(node: ArgMin, scope: Scope) -> Any:
    def loss(value: Any) -> Any:
        return evaluate(node.of, scope.binding({node.by.spelling: value}))

    numbers = scope.value(node.by) if scope.has(node.by.spelling) else None
    if isinstance(numbers, Range):
        return as_number(min(numbers, key=lambda i: float(loss(as_number(i)))))
    return Minimiser(loss)


def _cases(node: Cases, scope: Scope) -> Any:
    (*rows, last) = node.rows
    value = evaluate(last[0], scope)
    for result, condition in reversed(rows):
        assert condition is not None
        value = torch.where(evaluate(condition, scope), evaluate(result, scope), value)
    return value


def _chain(node: Chain, scope: Scope) -> Any:
    """Whether all the relations hold, element by element."""
    sides = [evaluate(side, scope) for side in node.sides]
    held = [_related(node, relation, *pair) for relation, *pair in zip(node.relations, sides, sides[1:])]
    return reduce(torch.logical_and, (torch.as_tensor(one) for one in held))


def _related(node: Chain, relation: str, left: Any, right: Any) -> Any:
    if relation == "∈" and isinstance(right, list) and len(right) == 2:
        return (right[0] <= left) & (left <= right[1])
    if relation not in COMPARE:
        raise NotUnderstood(f"a condition with {relation} has no value", node.start, node.end)
    return COMPARE[relation](left, right)


def _both(node: Both, scope: Scope) -> Any:
    return reduce(torch.logical_and, (evaluate(one, scope) for one in node.conditions))


def _listed(node: Listed, scope: Scope) -> Any:
    """A list; what … stands for is filled in."""
    if None not in node.items:
        return [evaluate(one, scope) for one in node.items if one is not None]
    place = node.items.index(None)
    before, after = node.items[:place], node.items[place + 1 :]
    if len(after) > 1:  # an even list of numbers: … 2k, k, 0
        return _even([int(evaluate(one, scope)) for one in (before[0], *after) if one is not None], node)
    assert before[-1] is not None and after[0] is not None
    return [evaluate(one, scope) for one in filled(before[-1], after[0], scope)]


def _even(numbers: list[int], node: Listed) -> list[int]:
    """From the first of some numbers to the last, in the steps of the last two."""
    first, *after = numbers
    step = after[-1] - after[-2]
    listed = list(range(first, after[-1] + (1 if step > 0 else -1), step)) if step else []
    if not listed or listed[-len(after) :] != after[-len(listed) :]:
        raise NotUnderstood("… stands for no even steps here", node.start, node.end)
    return listed


def _composed(node: Composed, scope: Scope) -> Any:
    functions = list(node.functions)
    if None in functions:
        first, last = functions[0], functions[-1]
        assert first is not None and last is not None
        functions = list(filled(first, last, scope))
    called = [evaluate(one, scope) for one in functions if one is not None]
    return lambda x: reduce(lambda value, function: function(value), reversed(called), x)


def filled(first: Node, last: Node, scope: Scope) -> Iterator[Node]:
    """From f(z_1) to f(z_L), or as many as L of one thing that has no index."""
    ends = list(_unlike(first, last))
    if not ends and first != last:
        raise NotUnderstood("… stands between things that are not alike", first.start, last.end)
    if not ends:
        yield from [first] * int(scope.value(Name(first.start, first.end, "L")))
        return
    low, high = (int(evaluate(one, scope)) for one in ends[0])
    for i in range(low, high + (1 if low <= high else -1), 1 if low <= high else -1):
        yield _with(first, ends[0][0], Number(first.start, first.end, float(i)))


def _unlike(left: Any, right: Any) -> Iterator[tuple[Node, Node]]:
    """The smallest parts in which two trees differ."""
    if left == right:
        return
    if isinstance(left, Name) and isinstance(right, Name) and left.base == right.base and left.below and right.below:
        yield left.below[0], right.below[0]
    elif isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        for pair in zip(left, right):
            yield from _unlike(*pair)
    elif isinstance(left, Node) and type(left) is type(right):
        for one in fields(left):
            yield from _unlike(getattr(left, one.name), getattr(right, one.name))


def _with(node: Any, old: Node, new: Node) -> Any:
    """A tree with another part in one part's place."""
    if node is old:
        return new
    if isinstance(node, tuple):
        return tuple(_with(one, old, new) for one in node)
    if isinstance(node, Node):
        return replace(node, **{one.name: _with(getattr(node, one.name), old, new) for one in fields(node)})
    return node


def _root(node: Root, scope: Scope) -> Any:
    """A square root, of a matrix as well; what rounding has put just below 0 has the root 0."""
    value = evaluate(node.of, scope)
    if not isinstance(value, Tensor):
        return value**0.5
    return torch.where((value < 0) & (value > -1e-12), torch.zeros_like(value), value).sqrt()


_VALUES: dict[type, Callable[[Any, Scope], Any]] = {
    Number: lambda node, _: as_number(node.value),
    Name: lambda node, scope: scope.value(node),
    Sum: _sum,
    Product: _product,
    Quotient: lambda node, scope: evaluate(node.above, scope) / evaluate(node.below, scope),
    Power: _power,
    Transposed: lambda node, scope: evaluate(node.of, scope).mT,
    Root: _root,
    Size: _size,
    Floor: lambda node, scope: evaluate(node.of, scope).floor(),
    Applied: _applied,
    Indexed: _indexed,
    Over: _over,
    Expectation: _expectation,
    Gradient: _gradient,
    ArgMin: _arg_min,
    Cases: _cases,
    Chain: _chain,
    Both: _both,
    Listed: _listed,
    Composed: _composed,
    Span: _no_value,
}
