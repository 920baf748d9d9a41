"""Argument checks. Nothing broadcasts silently; every error names the argument."""

import math
from numbers import Integral, Real
from typing import Any, NoReturn

import torch
from torch import Tensor


def describe(value: Any) -> str:
    """A value as an error message shows it: a tensor by dtype and shape, the rest by its repr."""
    if isinstance(value, Tensor):
        return f"a {str(value.dtype).removeprefix('torch.')} tensor of shape {tuple(value.shape)}"
    return f"{value!r} ({type(value).__name__})"


def refuse(argument: str, expected: str, value: Any) -> NoReturn:
    raise ValueError(f"{argument}: expected {expected}, got {describe(value)}")


def require_image(argument: str, x: Any) -> None:
    if not (isinstance(x, Tensor) and x.ndim == 4 and x.is_floating_point()):
        refuse(argument, "a float tensor of shape (B, C, H, W)", x)


def require_like(argument: str, x: Any, other_argument: str, other: Tensor) -> None:
    """Same shape and dtype as another argument, so that nothing broadcasts or is promoted unseen."""
    if not (isinstance(x, Tensor) and x.shape == other.shape and x.dtype == other.dtype):
        refuse(argument, f"the shape and dtype of {other_argument}, {describe(other)}", x)


def require_mask(argument: str, mask: Any, x: Tensor) -> None:
    """A float mask that broadcasts over batch and channels, never over height or width."""
    B, C, H, W = x.shape
    ok = isinstance(mask, Tensor) and mask.ndim == 4 and mask.dtype == x.dtype
    if not (ok and mask.shape[0] in (1, B) and mask.shape[1] in (1, C) and mask.shape[2:] == (H, W)):
        refuse(argument, f"a tensor of dtype {x.dtype} and shape ({B} or 1, {C} or 1, {H}, {W})", mask)


def require_condition(argument: str, cond: Any, x: Tensor) -> None:
    """One embedded condition per image."""
    if not (isinstance(cond, Tensor) and cond.ndim == 2 and len(cond) == len(x) and cond.is_floating_point()):
        refuse(argument, f"a float tensor of shape ({len(x)}, D), one condition per image", cond)


def require_schedule(alphas_cumprod: Any, x: Tensor | None = None) -> None:
    if not (isinstance(alphas_cumprod, Tensor) and alphas_cumprod.ndim == 1 and alphas_cumprod.is_floating_point()):
        refuse("alphas_cumprod", "a float tensor of shape (T,)", alphas_cumprod)
    if x is not None and alphas_cumprod.dtype != x.dtype:
        refuse("alphas_cumprod", f"the image's dtype {x.dtype}", alphas_cumprod)


def require_int(argument: str, value: Any, low: int, high: int | None = None) -> None:
    """A whole number in low … high, both ends included."""
    ok = isinstance(value, Integral) and not isinstance(value, bool)
    if not (ok and low <= value and (high is None or value <= high)):
        refuse(argument, f"an int {f'≥ {low}' if high is None else f'in {low} … {high}'}", value)


def require_number(argument: str, value: Any, low: float = -math.inf, high: float = math.inf) -> None:
    """A finite real number in low … high, both ends included."""
    ok = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not (ok and low <= value <= high):
        refuse(argument, "a finite number" if low == -math.inf else f"a number in {low} … {high}", value)


def require_t(t: Any, alphas_cumprod: Tensor, batch_size: int | None = None) -> None:
    """A timestep in 0 … T-1, or an int64 tensor with one per sample."""
    last = len(alphas_cumprod) - 1
    if not isinstance(t, Tensor):
        require_int("t", t, 0, last)
        return
    if t.dtype != torch.int64 or t.ndim != 1 or (batch_size is not None and len(t) != batch_size):
        wanted = "B" if batch_size is None else batch_size
        refuse("t", f"an int or an int64 tensor of shape ({wanted},), one timestep per sample", t)
    require_entries("t", t, last)


def require_entries(argument: str, numbers: Tensor, last: int) -> None:
    """Whole numbers in 0 … last, for a look-up.

    On CUDA they are left alone: to see them is to wait for all the work before them, and the look-up's own kernel
    stops at one that is out of range. It has to be gather or scatter, which know no negative index.
    """
    if not (numbers.is_cuda or all(0 <= number <= last for number in numbers.tolist())):
        refuse(argument, f"entries in 0 … {last}", numbers.tolist())


def require_timesteps(timesteps: Any, alphas_cumprod: Tensor) -> None:
    """A strictly decreasing, non-empty list of ints in 0 … T-1."""
    if not isinstance(timesteps, list) or not timesteps:
        refuse("timesteps", "a non-empty list of ints, strictly decreasing", timesteps)
    for t in timesteps:
        require_int("timesteps", t, 0, len(alphas_cumprod) - 1)
    if any(t <= t_prev for t, t_prev in zip(timesteps, timesteps[1:])):
        refuse("timesteps", "strictly decreasing entries", timesteps)


def require_positive(argument: str, value: Any) -> None:
    """A finite real number above 0."""
    require_number(argument, value)
    if value <= 0:
        refuse(argument, "a number > 0", value)


def require_labels(argument: str, labels: Any, x: Tensor) -> None:
    """One class for each image."""
    if not (isinstance(labels, Tensor) and labels.dtype == torch.int64 and labels.shape == (len(x),)):
        refuse(argument, f"an int64 tensor of shape ({len(x)},)", labels)


def require_logits(argument: str, logits: Any, batch_size: int | None = None) -> None:
    """(B,) or (B, 1), at least one."""
    ok = isinstance(logits, Tensor) and logits.is_floating_point() and logits.numel() > 0
    ok = ok and (logits.ndim == 1 or (logits.ndim == 2 and logits.shape[1] == 1))
    if not (ok and batch_size in (None, len(logits))):
        wanted = "B" if batch_size is None else batch_size
        refuse(argument, f"a float tensor of shape ({wanted},) or ({wanted}, 1)", logits)


def require_latent(argument: str, latent: Any) -> None:
    if not (isinstance(latent, Tensor) and latent.ndim >= 2 and len(latent) > 0 and latent.is_floating_point()):
        refuse(argument, "a float tensor of shape (N, …), one latent code per row", latent)


def require_scalar(argument: str, value: Any) -> None:
    """What a callable argument returned: a 0-dim float tensor."""
    if not (isinstance(value, Tensor) and value.ndim == 0 and value.is_floating_point()):
        refuse(argument, "a function that returns a 0-dim float tensor", value)
