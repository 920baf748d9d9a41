"""A failing call that is small enough to be typed in again: what is shown where nothing known explains the results.

A recorded call that failed is made smaller, with round numbers and a schedule of a few entries, and asked again: the
first small one that fails is shown as code, with what is expected and what comes. Where none of them fails, none is.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from ..checking.compare import exact, tolerance
from ..contract.functions import function
from ..sandbox import limits
from ..sandbox.crossing.values import Derived, Leaf, Probe, Seeded, all_fresh, fresh
from ..sandbox.gradients import Differentiable
from ..sandbox.replies import Observation
from ..sandbox.student import Student
from ..verdicts import Failure
from .readback.evidence import Arguments, as_tensor, size
from .repair.calls import with_one_result

MOST_ASKED = 20
MOST_NUMBERS = 16  # that a student has to type, or to compare
_SIZES = ((1, 1, 1, 1), (1, 1, 1, 2), (2, 1, 1, 1), (1, 2, 2, 2), (1, 1, 3, 4))  # of images; of what else there is, too
_SHORT = {"num_train_steps": 4, "num_inference_steps": 3, "kernel_size": 3, "num_frames": 3}
_WRITTEN: dict[str, tuple[str, Callable]] = {  # functions among the arguments, as a student can write them
    "eps_model": ("lambda x, t: 0.5 * x + 0.1 * t", lambda x, t: 0.5 * x + 0.1 * t),
    "noise_fn": ("torch.ones_like", torch.ones_like),
    "features_fn": ("lambda x: [x, 2 * x[..., :1]]", lambda x: [x, 2 * x[..., :1]]),
}
_TIMES = ("t", "t_prev", "timesteps")


def smallest_failing_call(student: Student) -> str:
    """The smallest call that was found to fail, as code; nothing where none is small."""
    record = sorted(student.record, key=lambda one: size(one.arguments))
    failed = next((one for one in record if _fails(student.task, one)), None)
    if failed is None or not all(map(_can_be_written, failed.arguments, failed.arguments.values())):
        return ""
    for arguments in itertools.islice(_smaller(student.task, failed.arguments), MOST_ASKED):
        try:
            expected = _numbers(exact(student.task, all_fresh(arguments)))
        except Exception:  # too small for this function
            continue
        if expected is None or size(arguments) > MOST_NUMBERS or expected.numel() > MOST_NUMBERS:
            continue
        try:
            came: Any = student.ask(limits.CALL_SECONDS, **_sent(student, arguments))
        except Failure as failure:
            if not failure.error:
                return ""  # it hung or died
            came = failure.error
        if _differs(student.task, arguments, expected.double(), came):
            shown = ", ".join(f"{name}={_code(name, value)}" for name, value in arguments.items())
            return f"{student.function.name}({shown}): {_both(expected.double(), came)}"
    return ""


def _fails(task: str, observation: Observation) -> bool:
    """Whether a recorded call has another result than the right one, where there is exactly one."""
    if observation.reply is None:
        return bool(observation.error)
    call = with_one_result(task, observation.arguments)
    return call is not None and not call.right(observation.reply)


def _differs(task: str, arguments: Arguments, expected: Tensor, came: Any) -> bool:
    value = _numbers(came)
    if value is None or value.shape != expected.shape:
        return True
    allowed = tolerance(expected, lambda nearby: _numbers(exact(task, nearby)), all_fresh(arguments))
    return not bool(((value.double() - expected).abs() <= allowed).all())


def _numbers(value: Any) -> Any:
    """A result as a tensor, a list of whole numbers too; None where it is none."""
    whole = isinstance(value, list) and all(type(one) is int for one in value)
    return torch.tensor(value, dtype=torch.float64) if whole else as_tensor(value)


def _can_be_written(name: str, value: Any) -> bool:
    if isinstance(value, Derived | Seeded):
        return False
    return name in _WRITTEN if isinstance(value, Probe) or callable(value) else True


def _sent(student: Student, arguments: Arguments) -> Arguments:
    """What is asked: gradients flow through functions that stay here where the graded function needs them to."""
    through = student.function.differentiated
    return {
        name: Differentiable(value) if through and callable(value) and not isinstance(value, Leaf) else fresh(value)
        for name, value in arguments.items()
    }


# Smaller calls


def _smaller(task: str, arguments: Arguments) -> Iterator[Arguments]:
    plain = {name: _WRITTEN[name][1] if callable(value) else value for name, value in arguments.items()}
    optional = [name for name in _SHORT if name in function(task).parameters]
    for sizes, timing in itertools.product(_SIZES, _timings(plain)):
        made = {name: _cut(name, value, sizes) for name, value in (plain | timing).items()}
        if "start" in made:
            made["start"] = min(made["start"], len(made["timesteps"]) - 1)
        yield made | {name: _SHORT[name] for name in optional}
    for length in (2, 5, 10):
        if optional:
            yield plain | {name: min(length, 3) if name == "num_inference_steps" else length for name in optional}


def _timings(arguments: Arguments) -> Iterator[Arguments]:
    """The timesteps of a call in schedules of a few entries: next to each other, apart, after a first one."""
    table = arguments.get("alphas_cumprod")
    if table is None:
        yield {}
        return
    given = {name: arguments[name] for name in _TIMES if name in arguments}
    if "timesteps" in given:
        given["timesteps"] = given["timesteps"][:3]
    used = sorted({t for value in given.values() for t in _whole(value) if t >= 0} or {0})
    for stride, first, more in ((1, 0, 0), (2, 0, 1), (1, 1, 0), (2, 1, 1)):
        place = {t: first + stride * i for i, t in enumerate(used)} | {-1: -1}
        count = max(place.values()) + 1 + more
        values = [round(0.9 - 0.8 * i / max(count - 1, 2), 2) for i in range(count)]
        yield {name: _moved(value, place) for name, value in given.items()} | {"alphas_cumprod": torch.tensor(values)}


def _whole(value: Any) -> list[int]:
    return (
        value.tolist()
        if isinstance(value, Tensor) and value.ndim
        else [*value]
        if isinstance(value, list)
        else [int(value)]
    )


def _moved(value: Any, place: dict[int, int]) -> Any:
    if isinstance(value, Tensor):
        return torch.tensor([place[t] for t in value.tolist()]) if value.ndim else torch.tensor(place[int(value)])
    return [place[t] for t in value] if isinstance(value, list) else place[value]


def _cut(name: str, value: Any, sizes: tuple[int, ...]) -> Any:
    """A part of a tensor in round numbers, in float32 as torch.tensor makes them; other numbers rounded."""
    if isinstance(value, Leaf):
        return Leaf(_cut(name, value.tensor, sizes))
    if isinstance(value, float):
        return float(f"{value:.2g}")
    if not isinstance(value, Tensor) or name == "alphas_cumprod":
        return value
    axes = sizes if value.ndim == 4 else (sizes[0], *sizes[2:], 1)
    part = value[tuple(slice(axes[axis]) for axis in range(value.ndim))]
    if not part.is_floating_point() or "mask" in name or name == "keep":
        return part.float() if part.is_floating_point() else part.clone()
    return torch.where(part.abs() < 0.05, 0.5, part.mul(10).round() / 10).float()


# As code


def _code(name: str, value: Any) -> str:
    if isinstance(value, Leaf):
        return f"{_code(name, value.tensor)}.requires_grad_()"
    if isinstance(value, Tensor):
        return f"torch.tensor({_listed(value, 6)})"
    return _WRITTEN[name][0] if callable(value) else repr(value)


def _listed(value: Tensor, digits: int) -> str:
    if value.ndim:
        return f"[{', '.join(_listed(part, digits) for part in value)}]"
    return f"{value.item():.{digits}g}"


def _both(expected: Tensor, came: Any) -> str:
    """What is expected and what comes, with as many digits as show that they are two."""
    value = _numbers(came)
    if value is None:
        return f"expected {_listed(expected, 5)}, got {came if isinstance(came, str) else type(came).__name__}"
    digits = next((d for d in range(4, 17) if _listed(expected, d) != _listed(value, d)), 17)
    return f"expected {_listed(expected, digits)}, got {_listed(value, digits)}"
