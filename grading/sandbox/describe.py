"""Values and calls in one short piece of text, as a report shows them."""

from typing import Any

from torch import Tensor

from .crossing.values import Derived, Leaf, Probe, Seeded


def describe_call(function: str, arguments: dict[str, Any]) -> str:
    return f"{function}({', '.join(f'{name}={describe(value)}' for name, value in arguments.items())})"


def describe(value: Any) -> str:
    """A value in one short piece of text: a tensor by dtype and shape, small ones with their numbers."""
    if isinstance(value, Leaf):
        return describe(value.tensor)
    if isinstance(value, Derived):
        return f"<computed from {value.of}>"
    if isinstance(value, Probe):
        return f"<{value.name}>"
    if isinstance(value, Seeded):
        return f"<generator with seed {value.seed}>"
    if isinstance(value, Tensor):
        kind = f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
        small = value.numel() <= 4
        return f"{kind} {value.tolist()}" if small else kind
    if callable(value):
        return "<function>"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
