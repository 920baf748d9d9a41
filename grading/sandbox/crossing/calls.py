"""Call the student's function and describe what came of it as plain data."""

import inspect
import linecache
import numbers
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .. import limits
from .random_state import Watch, global_states
from .values import Absent, NotHere, Opaque, materialise

_FRAMES = 6  # of an exception, the innermost


def perform(
    function: Callable,
    positional: list[str],
    arguments: dict[str, Any],
    cotangent: Tensor | None,
    remote: Callable | None = None,
    given: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Call ``function`` with the named arguments, those in ``positional`` by position.

    Reports the result and what the contract says about the call besides: arguments changed in place, whether the
    result hangs on a graph, gradients with respect to leaves and network parameters (for a cotangent), ``.grad`` left
    behind, networks frozen or unfrozen, the global random state moved, and which ones were seeded; how
    often a network was asked that counts it; generators that are where they were. ``given`` is filled with the arguments as the function gets them.
    """
    torch.set_grad_enabled(True)  # an earlier call of the same function may have left them otherwise
    torch.set_default_dtype(torch.float32)
    live, networks = materialise(arguments, remote)
    if given is not None:
        given.clear()
        given.update(live)
    before = {name: _copy(value) for name, value in live.items()}
    states = {name: value.get_state() for name, value in live.items() if isinstance(value, torch.Generator)}
    trainable = {name: _trainable(network) for name, network in networks.items()}
    watch = Watch()
    result = function(*(live[name] for name in positional), **{k: v for k, v in live.items() if k not in positional})
    reply = {
        "result": outgoing(result),
        "changed": _changed(before, live),
        "attached": isinstance(result, Tensor) and result.requires_grad,
        "grad_left": [name for name, value in live.items() if _has_grad(value)]
        + [f"the network behind {name}" for name, network in networks.items() if _trained(network)],
        "unfrozen": [name for name, network in networks.items() if _trainable(network) != trainable[name]],
        "moved_random_state": watch.moved(),
        "seeded": watch.seeded(),
        "still": [name for name, state in states.items() if torch.equal(live[name].get_state(), state)],
        "asked": sum(getattr(network, "asked", 0) for network in networks.values()),
        "kept_graph": [name for name, network in networks.items() if getattr(network, "kept_graph", False)],
    }
    if cotangent is not None:
        leaves = {k: v for k, v in live.items() if isinstance(v, Tensor) and v.requires_grad and v.is_leaf}
        for name, network in networks.items():
            trained = ((key, parameter) for key, parameter in network.named_parameters() if parameter.requires_grad)
            leaves |= {f"{name}.{key}": parameter for key, parameter in trained}
        reply["grads"] = _gradients(result, leaves, cotangent)
    return reply


def default_of(function: Callable, name: str) -> bool | int | float | str | None:
    """What an argument is where it is left out, as far as a function's own signature says so."""
    try:  # what a decorator hands on is its own business
        parameter = inspect.signature(function, follow_wrapped=False).parameters[name]
    except (KeyError, TypeError, ValueError):
        return None
    return parameter.default if type(parameter.default) in (bool, int, float, str) else None


class Built(NamedTuple):
    """A network of the student's, ready to be run, and how it was built."""

    model: nn.Module
    settings: dict[str, Any]
    dtype: torch.dtype
    parameters: int  # how many it has
    random_state: Tensor  # torch's, when it was ready
    default_dtype: torch.dtype


_NOTHING_RUN: dict[str, Any] = {
    "outputs": [],
    "losses": [],
    "changed": [],
    "untrained": "",
    "parameters": 0,
    "drew": False,  # from a global random state
}


def run_module(
    network: Callable,
    settings: dict[str, Any],
    inputs: list[dict[str, Any]],
    by_name: bool,
    train: dict[str, Any] | None,
    training: bool = False,
    kept: list[Built] | None = None,
) -> dict[str, Any]:
    """Build a network of the student's from a fixed seed, in the images' dtype, and run it on each of the inputs.

    With ``train`` it is fitted to one batch instead, in float32, and the loss before and after comes back. ``training``
    says in which mode it is run; without ``inputs`` it is built alone. The network of the last run is ``kept`` for the
    next one, as it would be the same again; not where it was in training mode, in which it may have counted along.
    """
    if train is not None:
        _at_the_start()
        losses, untrained = _fit(network(**settings), **train)
        return _NOTHING_RUN | {"losses": losses, "untrained": untrained}
    if not inputs:
        _at_the_start()
        return _NOTHING_RUN | {"parameters": _size(network(**settings))}
    dtype = inputs[0]["x"].dtype
    last = kept.pop() if kept else None  # what ends in an error is not kept
    same = last is not None and (last.settings, last.dtype) == (settings, dtype)
    built = last if last is not None and same else _build(network, settings, dtype)
    torch.set_rng_state(built.random_state)
    torch.set_default_dtype(built.default_dtype)
    built.model.train(training)
    before = [{name: _copy(value) for name, value in arguments.items()} for arguments in inputs]
    states = global_states()
    with torch.no_grad():
        outputs = [built.model(**given) if by_name else built.model(*given.values()) for given in inputs]
    changed = [name for old, new in zip(before, inputs) for name in _changed(old, new)]
    if kept is not None and not training:
        kept.append(built)
    return _NOTHING_RUN | {
        "outputs": outgoing(outputs),
        "changed": sorted(set(changed)),
        "parameters": built.parameters,
        "drew": global_states() != states,
    }


def _at_the_start() -> None:
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.default_generator.manual_seed(0)  # no GPU's: in a notebook it goes on to be used


def _build(network: Callable, settings: dict[str, Any], dtype: torch.dtype) -> Built:
    """Its parameters are shaken a little: layers that begin at zero, as last layers often do, would hide everything else."""
    _at_the_start()
    model = network(**settings)
    parameters = _size(model)
    model = model.float() if dtype == torch.float32 else model.double()  # what is complex stays so
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return Built(model, settings, dtype, parameters, torch.get_rng_state(), torch.get_default_dtype())


def _size(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _fit(
    model: nn.Module, arguments: dict[str, Any], target: Tensor, steps: int, enough: float
) -> tuple[list[float], str]:
    """The first and the last loss of Adam, which ends as soon as that part of the first loss is ``enough``.

    Where there is nothing to train there are no losses, and the second value says why.

    It is written out: importing torch.optim's would take longer than the training.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    mean, square = ([torch.zeros_like(parameter) for parameter in parameters] for _ in range(2))
    losses: list[float] = []
    if not parameters:
        return losses, "no parameters"
    model.train()
    for step in range(1, steps + 1):
        loss = nn.functional.mse_loss(model(*arguments.values()), target)
        if not loss.requires_grad:
            return [], "cut off"
        losses.append(loss.item())
        if losses[-1] < enough * losses[0]:
            break
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, mean, square):
                if g is not None:
                    m.lerp_(g, 0.1)
                    v.lerp_(g * g, 0.001)
                    p.sub_(2e-3 * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8))
    return [losses[0], losses[-1]], ""


def _gradients(result: Any, leaves: dict[str, Tensor], cotangent: Tensor) -> dict[str, Tensor | None] | None:
    if not (isinstance(result, Tensor) and result.requires_grad and result.shape == cotangent.shape):
        return None
    grads = torch.autograd.grad(result, list(leaves.values()), cotangent.to(result.dtype), allow_unused=True)
    return dict(zip(leaves, grads))


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What of the arguments is another one than before: "x_t", or "requires_grad of x_t"."""
    changed = [name for name, value in after.items() if not _same(before[name], value)]
    switched = [
        f"requires_grad of {name}"
        for name, value in after.items()
        if isinstance(value, Tensor) and value.requires_grad != before[name].requires_grad
    ]
    return changed + switched


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return list(value) if isinstance(value, list) else value


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor):
        same_kind = isinstance(after, Tensor) and before.shape == after.shape and before.dtype == after.dtype
        return same_kind and (torch.equal(before, after) or torch.equal(_numbers(before), _numbers(after)))
    return before == after if isinstance(before, list) else True


def _numbers(value: Tensor) -> Tensor:
    """With numbers in the place of nan, which is no other nan's equal."""
    return value.detach().nan_to_num()


def _trainable(network: nn.Module) -> list[bool]:
    return [parameter.requires_grad for parameter in network.parameters()]


def _has_grad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_leaf and value.grad is not None


def _trained(network: nn.Module) -> bool:
    return any(parameter.grad is not None for parameter in network.parameters())


def outgoing(value: Any, depth: int = 0) -> Any:
    """What may cross the boundary of a value that student code made; everything else is described."""
    if isinstance(value, Absent):
        raise value.used()
    if isinstance(value, Tensor):
        plain = value.layout is torch.strided and value.device.type != "meta" and not value.is_complex()
        return value.detach() if plain and not value.is_quantized else _opaque(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value[:1000]
    if isinstance(value, numbers.Integral) and abs(int(value)) < 2**63:
        return int(value)
    if isinstance(value, float):
        return float(value)
    kind = next((kind for kind in (list, tuple) if isinstance(value, kind)), None)  # what is derived of one is one
    if kind is not None and depth < 4 and kind.__len__(value) <= limits.ITEMS:
        return kind(outgoing(v, depth + 1) for v in kind.__iter__(value))
    if type(value) is dict and depth < 4 and len(value) <= limits.ITEMS and all(type(key) is str for key in value):
        return {key: outgoing(v, depth + 1) for key, v in value.items()}
    return _opaque(value)


def _opaque(value: Any) -> Opaque:
    kind = type(value)
    try:
        if isinstance(value, Tensor):
            text = f"{value.dtype}, {value.layout}, on {value.device}, of shape {tuple(value.shape)}"
        else:
            text = repr(value)[:200]
    except BaseException:
        text = "something whose repr fails"
    return Opaque(f"{kind.__module__}.{kind.__qualname__}"[:100], text)


def describe_error(error: BaseException, folder: Path) -> dict[str, Any]:
    """An exception as data: its type, its message and the student's own frames, innermost last."""
    try:
        message = str(error)[:600]
    except BaseException:
        message = "(its message could not be read)"
    before = error.__cause__.__traceback__ if isinstance(error, NotHere) and error.__cause__ is not None else None
    own = [
        (frame.f_code.co_filename, line or 0, frame.f_code.co_name)
        for frame, line in (*traceback.walk_tb(before), *traceback.walk_tb(error.__traceback__))
        if frame.f_code.co_filename.startswith(f"{folder}{os.sep}")
    ]
    frames = [frame_of(folder, *frame) for frame in own[-_FRAMES:]]
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        frames.append(frame_of(folder, error.filename, error.lineno or 1, ""))  # none where a coding line lies
        message = error.msg or message
    return {
        "type": type(error).__name__[:100],
        "not_implemented": isinstance(error, NotImplementedError),
        "not_here": isinstance(error, NotHere),
        "message": message,
        "frames": frames[-_FRAMES:],
    }


def frame_of(folder: Path, filename: str, line: int, function: str) -> dict[str, Any]:
    return {
        "file": str(Path(filename).relative_to(folder))[-200:],
        "line": line,
        "function": function[:100],
        "code": linecache.getline(filename, line).strip()[:200],
    }


def where_defined(function: Callable, folder: Path) -> str:
    """``ddpm.py:12``, or nothing where the function does not come from a file of the submission."""
    try:
        inner = inspect.unwrap(function)
        if isinstance(inner, type):  # the first of its own methods
            inner = next(value for value in vars(inner).values() if inspect.isfunction(value))
        return f"{Path(inner.__code__.co_filename).relative_to(folder)}:{inner.__code__.co_firstlineno}"
    except (AttributeError, StopIteration, ValueError):
        return ""
