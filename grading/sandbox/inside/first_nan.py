"""Where the first nan of a result comes from: the operation that makes one of numbers that are none, and its line."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..crossing.calls import frame_of

_WORDS = {
    "sqrt": "the square root of a negative number",
    "pow": "a fractional power of a negative number",
    "log": "the logarithm of a negative number",
    "div": "0 / 0",
} | dict.fromkeys(("tensor", "as_tensor", "from_numpy", "new_tensor"), "among the numbers that a tensor is made of")


class FirstNaN(TorchFunctionMode):
    """While it is on, every operation of torch is looked at; ``found`` describes the first that makes a nan."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.found: dict[str, Any] = {}

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self.found and _nan(result) and not any(map(_nan, _tensors(args))):
            self.found = {"what": _said(func, args), "frame": self._line()}
        return result

    def _line(self) -> dict[str, Any]:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if Path(frame.f_code.co_filename).is_relative_to(self.folder):
                return frame_of(self.folder, frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
            frame = frame.f_back
        return {}


def _said(func: Callable, args: tuple) -> str:
    name = getattr(func, "__name__", "").strip("_").removeprefix("r").replace("true", "")
    name = {"rsqrt": "sqrt", "sqrt_": "sqrt", "ipow": "pow", "log2": "log", "log10": "log"}.get(name, name)
    words = _WORDS.get(name, f"what {name} gives" if name else "what an operation gives")
    with torch._C.DisableTorchFunction():
        lowest = min((float(x.detach().min()) for x in _tensors(args) if x.numel()), default=0.0)
    return f"{words}, {lowest:.3g}" if "negative" in words and lowest < 0 else words


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    return [value for value in values if isinstance(value, Tensor) and value.is_floating_point()]


def _nan(value: Any) -> bool:
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return False
    with torch._C.DisableTorchFunction():
        return bool(torch.isnan(value).any())
