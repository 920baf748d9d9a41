"""A GPU's habits on the CPU: whatever is sent to a GPU stays, and whatever is halved keeps the precision that it has.

Homework is written for a GPU and in half precision, and graded on the CPU in float64; neither is what is graded. So the
device and a half-precision dtype are taken out of every call that places or casts a tensor. Functions are exchanged
rather than watched by a mode: a mode costs every operation, and no thread of the student's would have it.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.jit import _builtins

_HALVES = (torch.float16, torch.bfloat16)
_MADE = (
    "tensor as_tensor asarray zeros ones full empty eye arange linspace logspace rand randn randint randperm normal "
    "empty_strided sparse_coo_tensor hann_window hamming_window complex"
)
_MADE_LIKE = "zeros_like ones_like full_like empty_like rand_like randn_like randint_like"
_NEW = "new_tensor new_zeros new_ones new_full new_empty"
_DO_NOTHING = "synchronize set_device ipc_collect reset_peak_memory_stats reset_max_memory_allocated init"


def stay_on_cpu() -> None:
    """Once for a process, before anything of the student's is imported."""
    for name in _MADE.split():
        _exchange(torch, name, functools.partial(_making, half=torch.float32))
    for name in _MADE_LIKE.split():
        _exchange(torch, name, functools.partial(_making, half=None))
    for name in _NEW.split():
        _exchange(torch.Tensor, name, functools.partial(_making, half=None))
    for name in ("cuda", "half", "bfloat16", "pin_memory"):
        _exchange(torch.Tensor, name, _staying)
    _exchange(torch.Tensor, "to", _moving)
    _exchange(torch.Tensor, "type", _casting)
    _exchange(torch, "load", _loading)
    _exchange(torch, "set_default_device", _staying)
    torch.Generator = _Generator  # type: ignore[assignment, misc]
    for module in (torch.cuda, torch.mps):
        for name in f"{_DO_NOTHING} empty_cache".split():
            if hasattr(module, name):
                _exchange(module, name, _staying)
    torch.cuda.is_available = lambda: False
    torch.backends.mps.is_available = lambda: False  # type: ignore[assignment]
    torch.cuda.current_device = lambda: 0
    torch.cuda.get_device_name = lambda device=None: "cpu"
    torch.cuda.Event = torch.cuda.Stream = _Unseen  # type: ignore[assignment, misc]
    _never_in_half()


def _exchange(place: Any, name: str, made: Callable[[Callable], Callable]) -> None:
    function = getattr(place, name)
    exchanged = functools.wraps(function)(made(function))
    del exchanged.__wrapped__  # torch looks where a function comes from, and a builtin cannot say
    setattr(place, name, exchanged)
    operator = _builtins._find_builtin(function)
    if operator is not None:  # in code that torch compiles (torch.func.jvp brings such) it is the operator that it was
        _builtins._register_builtin(exchanged, operator)


def _staying(function: Callable) -> Callable:
    """Of a method, its tensor as it is; of a function, nothing."""
    return lambda self=None, *_, **__: self if isinstance(self, torch.Tensor) else None


def _making(function: Callable, half: torch.dtype | None) -> Callable:
    """``half`` is made in place of a half-precision dtype; None leaves the dtype to the function."""

    def made(*arguments: Any, **named: Any) -> Any:
        if named:  # most calls name none of these, and some loops over pixels make ten thousand of them
            if "device" in named and _is_gpu(named["device"]):
                del named["device"]
            if "dtype" in named and named["dtype"] in _HALVES:
                named["dtype"] = half
            if named.get("pin_memory"):
                del named["pin_memory"]
        return function(*arguments, **named)

    return made


def _moving(to: Callable) -> Callable:
    def moved(tensor: torch.Tensor, *arguments: Any, **named: Any) -> Any:
        kept = [one for one in arguments if not _is_gpu(one) and one not in _HALVES] if arguments else arguments
        if named:
            named = {k: v for k, v in named.items() if not (k in ("device", "dtype") and (_is_gpu(v) or v in _HALVES))}
        if not any(isinstance(one, torch.dtype | torch.device | torch.Tensor | str) for one in kept) and not (
            named.keys() & {"device", "dtype", "other", "memory_format"}
        ):
            return tensor.clone() if named.get("copy") else tensor
        return to(tensor, *kept, **named)

    return moved


def _casting(cast: Callable) -> Callable:
    def casted(tensor: torch.Tensor, dtype: Any = None, **named: Any) -> Any:
        if dtype in _HALVES or "Half" in str(dtype) or "BFloat16" in str(dtype):
            return tensor
        if isinstance(dtype, str):
            dtype = dtype.replace("torch.cuda.", "torch.")
        return cast(tensor, dtype, **named) if dtype is not None else cast(tensor)

    return casted


def _loading(load: Callable) -> Callable:
    def loaded(file: Any, map_location: Any = None, *arguments: Any, **named: Any) -> Any:
        return load(file, "cpu", *arguments, **named)

    return loaded


def _is_gpu(where: Any) -> bool:
    if isinstance(where, bool):
        return False
    if isinstance(where, int):
        return True  # the GPU of that number
    if isinstance(where, str | torch.device):
        return str(where).split(":")[0] not in ("cpu", "meta")
    return False


class _Generators(type):
    def __call__(cls, device: Any = "cpu") -> Any:
        return _generator()

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _generator)


_generator = torch.Generator


class _Generator(metaclass=_Generators):
    """``torch.Generator``, whose numbers come from the CPU."""


class _Unseen:
    """A stream or an event: nothing waits for it, and no time passes."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: 0.0


def _never_in_half() -> None:
    """``torch.autocast`` casts nothing, on whatever device."""
    original = torch.amp.autocast_mode.autocast.__init__

    def disabled(self: Any, device_type: str = "cpu", *_: Any, **__: Any) -> None:
        original(self, "cpu", enabled=False)

    torch.amp.autocast_mode.autocast.__init__ = disabled  # type: ignore[method-assign]
