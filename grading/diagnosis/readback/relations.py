"""What relation a result has to the expected one.

    result = k · ρ(f(…, φ(argument), …))

f is the reference, φ does something to one argument (inverted, cut off, one index further, exchanged with another), and
ρ does something to the result (flipped, a root, cut off). k is a product of powers of the sizes B, C, H, W … and of the
call's numbers, found by the same least squares as a schedule's weights. Any of the three may be nothing. φ and ρ are
guessed, from the kind of each argument; k is read.
"""

import contextlib
import inspect
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ...checking.compare import exact
from ...contract.functions import function
from ...contract.reference import reference_function
from ...sandbox.crossing.values import Leaf, fresh
from ...verdicts import Finding
from .evidence import Answer, Arguments, as_tensor, bare, doubled
from .exponents import Points
from .expressions import Product, Quantities, product
from .formula import product_text

_ALIKE = 1e-3  # relative; what float32 leaves of a ratio
_AFTER_CHANGE = 9  # how many of the turns are tried on top of a change
ONE = product()
MOST_VALUES = 20_000  # of a result that is worth comparing


@dataclass(frozen=True)
class Change:
    """φ: what the arguments are taken to be, in words."""

    said: str = ""
    apply: Callable[[Arguments], Arguments] = lambda arguments: arguments


@dataclass(frozen=True)
class Turn:
    """ρ: what becomes of the result, in words."""

    said: str = ""
    apply: Callable[[Tensor], Tensor] = lambda result: result


@dataclass(frozen=True)
class Relation:
    task: str
    change: Change
    turn: Turn
    factor: Product = ONE
    base_name: str = ""  # of another quantity that stands for the expected result
    of_base: Callable[[Arguments], Tensor] | None = None

    def predict(self, arguments: Arguments) -> Any:
        if self == as_expected(self.task):
            return exact(self.task, {name: fresh(value) for name, value in arguments.items()})
        return self.factor.value(sizes(arguments)) * self.base(arguments)

    def base(self, arguments: Arguments) -> Tensor:
        changed = self.change.apply({name: fresh(value) for name, value in arguments.items()})
        if self.of_base is not None:
            return self.of_base(changed)
        return self.turn.apply(torch.as_tensor(exact(self.task, changed), dtype=torch.float64))

    def findings(self) -> list[Finding]:
        scaled = self.factor != product()
        times = product_text(self.factor).replace("-", "−")
        if self.base_name:
            base = (f"{times} times " if scaled else "") + self.base_name.rstrip(",")
            said = f"Your loss is {base}: that is another quantity."
            return [Finding(said, f"the loss is {base}", 1 + scaled)]
        things = [words for words in (self.change.said, self.turn.said) if words]
        whole = ", ".join([*things, *([f"multiplied by {times}"] if scaled else [])])
        expected = f"the expected result, but {whole}"
        return [Finding(f"Your result is {expected}.", expected, len(things) + scaled)]


def relations(
    task: str, seen: list[Answer], others: Mapping[str, Callable[[Arguments], Tensor]], out_of_time: Callable[[], bool]
) -> Iterator[Relation]:
    """Relations that explain these answers, the simplest first; ``others`` are quantities that may stand for the right one."""
    answers = [one for one in seen if _comparable(one)]
    if len(answers) < max(3, len(seen) // 2):
        return
    results = _Results(answers)
    plain = _Bases(as_expected(task), results)
    fits: dict[str, Product] = {}  # by turn, without a change
    for turn in TURNS:
        factor = _factor(plain, turn, results) if "" not in fits else None  # a turn on top of it would do nothing
        if factor is not None and (turn.said or factor != product()):
            fits[turn.said] = factor
            yield Relation(task, Change(), turn, factor)
    for name, other in others.items():
        factor = _factor(
            _Bases(Relation(task, Change(), Turn(), base_name=name, of_base=other), results), Turn(), results
        )
        if factor is not None:
            yield Relation(task, Change(), Turn(), factor, name, other)
    for change in _changes(task, answers):
        bases = _Bases(Relation(task, change, Turn()), results)
        for turn in TURNS[:_AFTER_CHANGE]:
            if out_of_time():
                return
            factor = _factor(bases, turn, results)
            if factor is not None and fits.get(turn.said) != factor:  # otherwise the change does nothing
                yield Relation(task, change, turn, factor)
            if factor is not None and not turn.said:
                break


class _Results:
    """The answers' values and sizes, computed once; the cheapest rejections come first.

    Those are results of many elements, and single numbers of calls whose sizes are the same: k is the same for both.
    """

    def __init__(self, answers: list[Answer]) -> None:
        at = {id(one): sizes(one.arguments) for one in answers}
        kind = {id(one): tuple((name, float(q)) for name, q in at[id(one)].items()) for one in answers}
        twins = Counter(kind.values())
        answers = sorted(
            answers, key=lambda one: (-min(_value(one).numel(), 200), -twins[kind[id(one)]], kind[id(one)])
        )
        self.answers, self.values = answers, [_value(one) for one in answers]
        self.sizes, self.kinds = [at[id(one)] for one in answers], [kind[id(one)] for one in answers]
        self.exact = [_is_float64(one) for one in answers]
        self.points = cache(self._points)

    def _points(self, numbers: tuple[int, ...]) -> Points:
        at = [self.sizes[number] for number in numbers]
        common = [name for name in at[0] if all(name in q for q in at)]
        columns = {name: torch.stack([q[name] for q in at]) for name in common}
        return Points(columns or {"": torch.ones(len(numbers), dtype=torch.float64)})


class _Bases:
    """f(…, φ(argument), …) for every answer, computed once."""

    def __init__(self, relation: Relation, results: _Results) -> None:
        self.relation, self.answers = relation, results.answers
        self.known: dict[int, Tensor | None] = {}

    def at(self, number: int) -> Tensor | None:
        if number not in self.known:
            arguments = {name: doubled(argument) for name, argument in self.answers[number].arguments.items()}
            try:
                self.known[number] = self.relation.base(arguments)
            except Exception:  # a guess may lead the reference astray
                self.known[number] = None
        return self.known[number]


def _factor(bases: _Bases, turn: Turn, results: _Results) -> Product | None:
    """k, if one product of sizes and numbers serves for all answers."""
    ratios: dict[int, float] = {}
    of_kind: dict[tuple, float] = {}
    for number, value in enumerate(results.values):
        base = bases.at(number)
        with contextlib.suppress(RuntimeError, IndexError):
            base = turn.apply(base) if base is not None else None
        if base is None or base.shape != value.shape or not bool(torch.isfinite(base).all()):
            return None
        if float(base.abs().max()) < 1e-9:
            if float(value.abs().max()) > 1e-9:
                return None
            continue
        ratio = float((value * base).sum() / (base * base).sum())
        if float((value - ratio * base).abs().max()) > _ALIKE * float(value.abs().max()) or ratio == 0:
            return None
        known = of_kind.setdefault(results.kinds[number], ratio)
        if abs(ratio - known) > _ALIKE * abs(known):
            return None
        if results.exact[number]:
            ratios[number] = ratio
    if len(ratios) < 3:
        return None
    values = torch.tensor(list(ratios.values()), dtype=torch.float64)
    if bool(((values - 1).abs() < 1e-8).all()):
        return product()
    return results.points(tuple(ratios)).identify(values)


def sizes(arguments: Arguments) -> Quantities:
    """The sizes of the first image, or of the first tensor where there is none, the elements under a mask, and the numbers among the arguments."""
    tensors = {name: bare(value) for name, value in arguments.items() if isinstance(value, Tensor | Leaf)}
    found: dict[str, float] = {}
    inputs = [tensor for name, tensor in tensors.items() if tensor.ndim and name != "alphas_cumprod"]
    first = next((tensor for tensor in inputs if tensor.ndim == 4), inputs[0] if inputs else None)
    if first is not None:
        found |= dict(zip("BCHW" if first.ndim == 4 else "BLD" if first.ndim == 3 else "BD", map(float, first.shape)))
    if "pred" in arguments and first is not None:
        mask = arguments.get("mask")
        found["N"] = float(first.numel() if mask is None else mask.expand_as(first).sum())  # elements that count
    found |= {name: value for name, value in arguments.items() if isinstance(value, float) and value}
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in found.items()}


def varied(arguments: Arguments, batch: int, channels: int, height: int, width: int) -> Arguments:
    """The same call on a part of its images, so that sizes differ from call to call."""
    images = [bare(v) for name, v in arguments.items() if isinstance(v, Tensor | Leaf) and name != "alphas_cumprod"]
    samples = len(images[0]) if images and images[0].ndim else 0

    def part(value: Any) -> Any:
        if isinstance(value, Leaf):
            return Leaf(part(value.tensor))
        if isinstance(value, Tensor) and value.ndim == 4:
            return value[:batch, :channels, :height, :width].clone()
        if isinstance(value, Tensor) and value.ndim and len(value) == samples:
            return value[:batch].clone()
        return value

    return {name: value if name == "alphas_cumprod" else part(value) for name, value in arguments.items()}


def as_expected(task: str) -> Relation:
    """No relation at all: the result is the expected one."""
    return Relation(task, Change(), Turn())


TURNS = (
    Turn(),
    Turn("its square root", lambda y: y.sqrt()),
    Turn("its square", lambda y: y.square()),
    Turn("cut off at -1 and 1", lambda y: y.clamp(-1, 1)),
    Turn("cut off at 0 and 1", lambda y: y.clamp(0, 1)),
    Turn("with the first sample's in place of every one", lambda y: y[:1].expand_as(y)),
    Turn("upside down", lambda y: y.flip(-2)),
    Turn("with left and right exchanged", lambda y: y.flip(-1)),
    Turn("taken from 1", lambda y: 1 - y),
    Turn("its logarithm", lambda y: y.log()),
    Turn("its inverse", lambda y: 1 / y),
    Turn("its absolute value", lambda y: y.abs()),
    Turn("in reversed order", lambda y: y.flip(0)),
    Turn("with the channels in reversed order", lambda y: y.flip(1)),
    Turn("transposed", lambda y: y.transpose(-1, -2)),
    Turn("with the first two axes exchanged", lambda y: y.transpose(0, 1)),
    Turn("without its last entry", lambda y: y[:-1]),
    Turn("without its first entry", lambda y: y[1:]),
    Turn("without the axes of size 1", lambda y: y.squeeze()),
    Turn("with an axis more in front", lambda y: y.unsqueeze(0)),
    Turn("with an axis more at the end", lambda y: y.unsqueeze(-1)),
    Turn("averaged over the batch", lambda y: y.mean(0)),
    Turn("averaged over the batch, the axis kept", lambda y: y.mean(0, keepdim=True).expand_as(y)),
    Turn("summed up", lambda y: y.sum()),
    Turn("averaged", lambda y: y.mean()),
)


def _changes(task: str, answers: list[Answer]) -> Iterator[Change]:
    names = function(task).parameters
    richest = max(answers, key=lambda one: len(one.arguments)).arguments
    defaults = {name: p.default for name, p in inspect.signature(reference_function(task)).parameters.items()}
    for name in names:
        if name not in richest:
            continue
        for said, alter in _alterations(name, richest[name], richest):
            yield Change(f"{said.format(name)}", _altering(name, alter, defaults[name]))
        if defaults[name] is not None and defaults[name] is not inspect.Parameter.empty:
            yield Change(f"{name} is ignored: it is always {defaults[name]}", _dropping(name))
    for a, b in itertools.combinations([n for n in names if n in richest], 2):
        if type(richest[a]) is type(richest[b]) and _shape(richest[a]) == _shape(richest[b]):
            yield Change(f"{a} and {b} are exchanged", _exchanging(a, b))
            if isinstance(richest[a], Tensor | Leaf):
                yield Change(f"{a} stands where {b} belongs", _copying(a, b))
                yield Change(f"{b} stands where {a} belongs", _copying(b, a))


def _alterations(name: str, value: Any, arguments: Arguments) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if "mask" in name or name == "keep":
        yield "{} is inverted", lambda m: 1 - m
        yield "{} is ignored", lambda m: torch.ones_like(m)
        yield "{} of the first sample is taken for all", lambda m: m[:1]
        if name != "keep":
            yield "{} of the first channel is taken for all", lambda m: m[:, :1]
    elif name == "alphas_cumprod":
        yield "the root of {} is taken for it", lambda a: a.sqrt()
        yield "the square of {} is taken for it", lambda a: a.square()
        yield "{} is read one index too low", lambda a: torch.cat([a.new_ones(1), a[:-1]])
        yield "{} is replaced by the values of single steps", lambda a: a / torch.cat([a.new_ones(1), a[:-1]])
    elif isinstance(value, Tensor) and not value.is_floating_point():
        yield "the first entry of {} is taken for all", lambda t: t[:1].expand_as(t).clone()
    elif isinstance(value, Tensor | Leaf):
        for said, alter in _IMAGE_ALTERATIONS:
            yield said, partial(_on_image, alter)
    elif isinstance(value, bool):
        yield "{} is always off", lambda b: False
        yield "{} is always on", lambda b: True
        yield "{} is inverted", lambda b: not b
    elif isinstance(value, int):
        yield "{} is one too low", lambda n: n - 1
        yield "{} is one too high", lambda n: n + 1
        yield "{} is taken as 0", lambda n: 0
    elif isinstance(value, float):
        yield "{} is taken as 0", lambda x: 0.0
        yield "{} is taken as 1", lambda x: 1.0
        yield "{} is squared", lambda x: x * x
        yield "the root of {} is taken for it", lambda x: x**0.5
        yield "1 − {} stands in its place", lambda x: 1 - x
        yield "{} is 1 too large", lambda x: x + 1
        yield "{} has the wrong sign", lambda x: -x
        yield "{} is halved", lambda x: x / 2
        yield "{} is doubled", lambda x: x * 2
    elif isinstance(value, list):
        yield "the first entry of {} is skipped", lambda steps: steps[1:]
        yield "the last entry of {} is skipped", lambda steps: steps[:-1]
    elif name == "noise_fn":
        yield "without noise", lambda _: torch.zeros_like
        yield "with one noise for the whole batch", lambda f: lambda x: f(x)[:1].expand_as(x).clone()


_IMAGE_ALTERATIONS = (
    ("{} is taken as 0", torch.zeros_like),
    ("{} has the wrong sign", torch.neg),
    ("{} of the first sample is taken for all", lambda x: x[:1].expand_as(x).clone()),
    ("{} is cut off at -1 and 1", lambda x: x.clamp(-1, 1)),
    ("{} is cut off at 0 and 1", lambda x: x.clamp(0, 1)),
    ("{} is upside down", lambda x: x.flip(-2)),
    ("{} is mirrored", lambda x: x.flip(-1)),
    ("the sign of {} is dropped", torch.abs),
    ("{} is averaged over the batch", lambda x: x.mean(0, keepdim=True).expand_as(x).clone()),
    ("{} comes in reversed order", lambda x: x.flip(0)),
    ("{} is squared", torch.square),
    ("a sigmoid is applied to {}", torch.sigmoid),
)


def _on_image(alter: Callable[[Tensor], Tensor], value: Any) -> Any:
    return Leaf(alter(value.tensor)) if isinstance(value, Leaf) else alter(value)


def _altering(name: str, alter: Callable[[Any], Any], default: Any) -> Callable[[Arguments], Arguments]:
    def apply(arguments: Arguments) -> Arguments:
        value = arguments.get(name, default)
        return arguments if value is None or value is inspect.Parameter.empty else arguments | {name: alter(value)}

    return apply


def _dropping(name: str) -> Callable[[Arguments], Arguments]:
    return lambda arguments: {n: v for n, v in arguments.items() if n != name}


def _exchanging(a: str, b: str) -> Callable[[Arguments], Arguments]:
    return lambda arguments: arguments | {a: arguments[b], b: arguments[a]}


def _copying(source: str, target: str) -> Callable[[Arguments], Arguments]:
    return lambda arguments: arguments | {target: arguments[source]}


def _comparable(one: Answer) -> bool:
    value = as_tensor(one.value)
    return not one.error and value is not None and 0 < value.numel() <= MOST_VALUES and bool(value.isfinite().all())


def _value(one: Answer) -> Tensor:
    value = as_tensor(one.value)
    assert value is not None
    return value.double()


def _is_float64(one: Answer) -> bool:
    tensors = [bare(value) for value in one.arguments.values() if isinstance(value, Tensor | Leaf)]
    return all(t.dtype != torch.float32 for t in tensors)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(bare(value).shape) if isinstance(value, Tensor | Leaf) else ()
