"""A call that failed, as Python: each argument as an expression, large tensors in a file, and the right result."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from ..contract.functions import function
from ..diagnosis.repair.calls import with_one_result
from ..sandbox.crossing import probes
from ..sandbox.crossing.values import Derived, Leaf, Probe, Seeded
from ..sandbox.gradients import Differentiable
from ..sandbox.replies import Observation
from ..sandbox.requests import leading
from ..sandbox.student import NetworkCall
from ..verdicts import Failure, WrittenCall

READ = 12  # numbers of a tensor that stands in the script itself
NO_CALL = "no single call shows what is wrong"


class _CannotBeWritten(Exception):
    """The message says why."""


def written(task: str, failures: Sequence[Failure]) -> WrittenCall:
    """The first call of these that can be written out; where there is none, why."""
    why = NO_CALL
    for failure in failures:
        if failure.call is not None:
            try:
                return _network(failure.call) if function(task).network else _as_python(task, failure.call)
            except _CannotBeWritten as error:
                why = str(error)
    return WrittenCall(why_not=why)


def _as_python(task: str, observed: Observation) -> WrittenCall:
    writer = _Writer()
    given = {name: observed.arguments[name] for name in function(task).parameters if name in observed.arguments}
    # What is computed from another argument comes after it.
    ordered = sorted(given.items(), key=lambda pair: isinstance(pair[1], Derived))
    expressions = tuple((name, writer.expression(name, value)) for name, value in ordered)
    positional = [] if observed.by_name else leading(function(task).parameters, given)
    call = WrittenCall(expressions, tuple(writer.before), _called("function", given, positional))
    right = with_one_result(task, observed.arguments)
    if right is not None and not right.right(observed.reply):
        dtype = str(right.dtype).removeprefix("torch.") if right.dtype is not None else ""
        call = replace(call, expected=writer.expression("expected", right.expected), allowed=right.allowed, dtype=dtype)
    return replace(call, probes=tuple(dict.fromkeys(writer.probes)), tensors=save(writer.tensors))


def _network(built: NetworkCall) -> WrittenCall:
    """A network is built from a fixed seed, in its images' dtype, and run."""
    writer = _Writer()
    given = built.settings | built.inputs
    expressions = tuple((name, writer.expression(name, value)) for name, value in given.items())
    before = (
        "torch.manual_seed(0)",
        f"network = {_called('function', built.settings)}",
        f"network = network.to({built.inputs['x'].dtype}).eval()",
    )
    run = _called("network", built.inputs, list(built.inputs))
    return WrittenCall(expressions, before, run, tensors=save(writer.tensors))


def _called(what: str, given: Iterable[str], positional: Sequence[str] = ()) -> str:
    by_name = [f"{name}=given[{name!r}]" for name in given if name not in positional]
    return f"{what}({', '.join([*(f'given[{name!r}]' for name in positional), *by_name])})"


class _Writer:
    """Expressions, and what they need."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.probes: list[str] = []
        self.before: list[str] = []

    def expression(self, name: str, value: Any) -> str:
        if isinstance(value, Leaf):
            return f"{self.expression(name, value.tensor)}.requires_grad_()"
        if isinstance(value, Derived):
            return f"{self._probe(value.probe)}(given[{value.of!r}])"
        if isinstance(value, Seeded):
            if value.drawn:
                self.before.append(f"torch.rand({value.drawn}, generator=given[{name!r}])")
            return f"torch.Generator().manual_seed({value.seed})"
        if isinstance(value, Tensor):
            return self._tensor(name, value.detach())
        if callable(value):
            return self._function(name, value)
        if isinstance(value, list | tuple):
            items = [self.expression(f"{name}.{i}", one) for i, one in enumerate(value)]
            return f"[{', '.join(items)}]" if isinstance(value, list) else f"({''.join(f'{one}, ' for one in items)})"
        if isinstance(value, float) and not math.isfinite(value):
            return f"float('{value}')"
        if value is None or isinstance(value, bool | int | float | str):
            return ascii(value)
        raise _CannotBeWritten(f"{name} cannot be written out")

    def _tensor(self, name: str, value: Tensor) -> str:
        if 0 < value.numel() <= READ and bool(value.isfinite().all()):
            return f"torch.tensor({value.tolist()}, dtype={value.dtype})"
        self.tensors[name] = value.clone(memory_format=torch.contiguous_format)
        return f"tensors[{name!r}]"

    def _function(self, name: str, value: Callable) -> str:
        if isinstance(value, Differentiable):
            return self._function(name, value.function)
        if isinstance(value, Probe):
            return self._probe(value.name)
        own = getattr(value, "__name__", "")
        if own and getattr(probes, own, None) is value:
            return self._probe(own)
        if own and getattr(torch, own, None) is value:
            return f"torch.{own}"
        raise _CannotBeWritten(
            f"{name} is a function that a check makes for its own purpose, and cannot be written out"
        )

    def _probe(self, name: str) -> str:
        self.probes.append(name)
        return f"{name}()" if isinstance(getattr(probes, name), type) else name
