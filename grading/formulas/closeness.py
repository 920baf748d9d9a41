"""Whether what a formula says is what a function gave."""

from typing import Any

import torch
from scipy import stats
from torch import Tensor

from .evaluation import Minimiser, Normal
from .symbols.matrices import Matrix

CLOSE = {torch.float64: 1e-9, torch.float32: 2e-6}  # of the largest value
NOTHING = 1e-12
IMPROBABLE = 1e-6  # a draw that is no draw of the distribution
FLAT = 1e-4  # a gradient where something is least, as a part of that elsewhere


def close(got: Any, expected: Any) -> bool:
    """Whether a side has the result's value, or is true of it."""
    if got is None:
        return False
    if isinstance(got, Minimiser):
        return _is_least(got, expected)
    if isinstance(got, Normal):
        numbers = (torch.as_tensor(expected, dtype=torch.float64) - got.mean) / got.variance**0.5
        return stats.kstest(numbers.flatten().numpy(), "norm").pvalue > IMPROBABLE
    if isinstance(got, Matrix):
        return close(got.tensor, expected)
    if isinstance(got, list):
        return _same_list(got, expected)
    return gap(got, expected) <= 1


def gap(got: Any, expected: Any) -> float:
    """The largest difference, in units of what is let pass."""
    got, expected = torch.as_tensor(got).detach(), torch.as_tensor(expected).detach()
    shaped = _shaped(got.double(), expected.shape)
    if shaped is None or not bool(torch.isfinite(shaped).all()):
        return float("inf")
    most = float(expected.abs().max()) if expected.numel() else 0.0
    allowed = CLOSE.get(expected.dtype, CLOSE[torch.float64])
    return float((shaped - expected.double()).abs().max()) / (allowed * most + NOTHING)


def _shaped(got: Tensor, shape: torch.Size) -> Tensor | None:
    """Formulas leave out axes of one, and what holds for a whole batch they say once."""
    if got.numel() == shape.numel():
        return got.reshape(shape)
    try:
        return got.expand(shape)
    except RuntimeError:
        return None


def _same_list(got: list[Any], expected: Any) -> bool:
    if isinstance(expected, list):
        return len(got) == len(expected) and all(close(*pair) for pair in zip(got, expected))
    if got and all(isinstance(one, Tensor) and one.ndim for one in got):  # (f(z_1), …, f(z_L)): one for each layer
        return close(torch.stack(torch.broadcast_tensors(*got), dim=-2), expected)
    return False


def _is_least(least: Minimiser, at: Tensor) -> bool:
    """The gradient vanishes there, compared with the one at 0."""
    slopes = []
    for place in (at, torch.zeros_like(at)):
        leaf = place.detach().clone().requires_grad_()
        slopes.append(float(torch.autograd.grad(least.loss(leaf), leaf)[0].norm()))
    return slopes[0] <= FLAT * max(slopes[1], NOTHING)
