"""Hold what came back against the reference, with a tolerance that is derived, not guessed.

A solution is right to within rounding if its result is the exact one for inputs that are off by a few units in the
last place (backward stability). So the tolerance is read off the formula itself: how much does the float64 reference
move when every floating-point input is moved by one unit of the call's precision? ``ROUNDINGS`` such moves are
allowed; correct code makes a handful (where it goes through angles, a hundred), the mildest mistake that is known makes
millions.
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy
import torch
from torch import Tensor

from ..contract.functions import function
from ..contract.reference import reference_function
from ..sandbox.crossing.calls import perform
from ..sandbox.crossing.values import Leaf, all_fresh, fresh, materialise
from ..sandbox.describe import describe
from ..sandbox.replies import Reply
from ..sandbox.student import Student
from ..verdicts import Failure
from .remembered import remembered

ROUNDINGS = 512
COMPLEMENTS = 2
FLOAT32 = 1e-5  # relative; what a chain of operations may lose in float32
NOTHING = "your code returns nothing, so the result is no tensor: is the return missing?"
_DRAWS = 2  # of random rounding directions
_note: Callable[[float], object] = lambda ratio: None


@contextlib.contextmanager
def noting(note: Callable[[float], object]) -> Iterator[None]:
    """Have ``note`` told of every comparison's largest error, as a multiple of what is allowed."""
    global _note
    before, _note = _note, note
    try:
        yield
    finally:
        _note = before


def precision(arguments: dict[str, Any]) -> torch.dtype:
    """The lowest floating dtype among the tensors of a call; float32 where no tensor fixes one."""
    dtypes = [_tensor(v).dtype for v in arguments.values() if _is_float(v)]
    return torch.float32 if not dtypes or torch.float32 in dtypes else torch.float64


def exact(task: str, arguments: dict[str, Any]) -> Any:
    """The reference's answer in float64 for these very inputs."""
    live, _ = materialise({name: _double(value) for name, value in arguments.items()})
    answer = reference_function(task)(**live)
    return answer.detach() if isinstance(answer, Tensor) else answer


@remembered
def exact_gradients(task: str, arguments: dict[str, Any], cotangent: Tensor) -> dict[str, Tensor | None] | None:
    """The reference's gradients with respect to leaves and network parameters, in float64; None where it has none."""
    doubled = {name: _double(value) for name, value in arguments.items()}
    return perform(reference_function(task), [], doubled, cotangent)["grads"]


def tolerance(
    expected: Tensor,
    evaluate: Callable[[dict[str, Any]], Tensor],
    arguments: dict[str, Any],
    dtype: torch.dtype | None = None,
) -> float:
    """``ROUNDINGS`` units in the last place of every input, carried through to the result; below ``tiny`` none count.

    Units of the call's precision, or of ``dtype`` where something lower is let pass. ᾱ may be kept as 1 − ᾱ, or as an
    angle: at the end of a schedule that rounds it as if it were 1, and ``COMPLEMENTS`` units of 1 are let pass.
    """
    given = {name: _double(value) for name, value in arguments.items()}
    eps, tiny = torch.finfo(dtype or precision(arguments)).eps, torch.finfo(dtype or precision(arguments)).tiny
    moved = 0.0
    for draw in range(_DRAWS):
        seeds = range(draw, _DRAWS * len(arguments), _DRAWS)
        nearby = {name: _nudge(name, value, eps, seed) for seed, (name, value) in zip(seeds, given.items())}
        moved = max(moved, _largest(evaluate(nearby) - expected))
    allowed = ROUNDINGS * (moved + eps * _largest(expected) + tiny)
    if "alphas_cumprod" in given:
        # A known mistake that is evaluated may work in place: these arguments are those of later comparisons, too.
        rounded = all_fresh(given) | {"alphas_cumprod": _as_complement(given["alphas_cumprod"], eps)}
        allowed += COMPLEMENTS * _largest(evaluate(rounded) - expected)
    return allowed


@remembered
def right(task: str, arguments: dict[str, Any]) -> tuple[Any, float]:
    """The reference's answer for these very inputs, and how far from it rounding may lead."""
    expected = exact(task, arguments)
    if not isinstance(expected, Tensor):
        return expected, 0.0
    return expected, tolerance(expected, lambda nearby: exact(task, nearby), arguments)


def assert_right(student: Student, *, by_name: bool = False, **arguments: Any) -> Reply:
    """Call the student's function and compare its result with the reference's for the same arguments."""
    reply = student(by_name=by_name, **arguments)
    expected, allowed = right(student.task, arguments)
    if isinstance(expected, Tensor):
        try:
            assert_close(reply, expected, allowed, fixed_dtype(student.task, arguments), kind="value")
        except Failure as failure:
            if failure.kind == "not finite" and isinstance(reply.value, Tensor) and bool(reply.value.isnan().any()):
                made, line = student.first_nan(**arguments)
                failure.summary += f": the first nan is {made}" * bool(made)
                failure.where += [line] if line else []
            raise
    else:
        assert_same(reply, expected, kind="value")
    return reply


def assert_same(reply: Reply, expected: Any, kind: str = "wrong") -> None:
    """Plain values, such as a list of ints: equal in value and in type."""
    if reply.value is None:
        raise reply.fail("your code returns nothing: is the return missing?", describe(expected), "None", "nothing")
    if not isinstance(reply.value, type(expected)):
        wanted, came = (f"a {type(one).__name__}" for one in (expected, reply.value))
        raise reply.fail("the result has the wrong type", wanted, came, "form")
    if not _same(reply.value, expected):
        raise reply.fail("the result is wrong", *_around(expected, reply.value), kind)


def _around(expected: Any, got: Any) -> tuple[str, str]:
    """Two values as text; two lists from where they part, so that the difference is among what is shown."""
    start = 0
    if isinstance(expected, list):
        parted = (i for i, (a, b) in enumerate(zip(expected, got)) if not _same(a, b))
        start = max(0, next(parted, min(len(expected), len(got))) - 2)
    where = f" from entry {start} on" if start else ""
    shown = [value[start:] if start else value for value in (expected, got)]
    return (f"{describe(shown[0])}{where}", f"{describe(shown[1])}{where}")


def _same(value: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return type(value) is list and len(value) == len(expected) and all(map(_same, value, expected))
    return type(value) is type(expected) and value == expected


def assert_close(
    reply: Reply,
    expected: Tensor,
    allowed: float,
    dtype: torch.dtype | None = None,
    what: str = "the result",
    kind: str = "wrong",
) -> None:
    """Shape, dtype (where one is fixed), finiteness and values.

    ``kind`` says what numbers that are off mean: the property of the check fails ("wrong"), or no more than that the
    function gives another result than the formula ("value", "gradient").
    """
    got = reply.value
    form, not_finite = (kind, kind) if kind == "gradient" else ("form", "not finite")
    if got is None:
        raise reply.fail(NOTHING, _kind(expected, dtype), "None", "nothing")
    if isinstance(got, float | int) and not isinstance(got, bool) and expected.ndim == 0:
        got = torch.tensor(float(got), dtype=torch.float64)
    elif not isinstance(got, Tensor):
        raise reply.fail(f"{what} is no tensor", _kind(expected, dtype), describe(got), form)
    elif not got.is_floating_point() or (dtype is not None and got.dtype != dtype and expected.ndim > 0):
        raise reply.fail(f"{what} has the wrong dtype", _kind(expected, dtype), _kind(got, got.dtype), form)
    if got.shape != expected.shape:
        raise reply.fail(f"{what} has the wrong shape", _kind(expected, dtype), _kind(got, got.dtype), form)
    difference = (got.double() - expected).abs()
    _note(_ratio(_largest(difference), allowed))
    if bool((difference <= allowed).all()):
        return
    if not bool(torch.isfinite(got).all()):
        raise reply.fail(f"{what} is not finite", _sample(expected), _not_finite(got), not_finite)
    wrong, count = int((difference > allowed).sum()), got.numel()
    where = "" if count == 1 else f" in all {count} values" if wrong == count else f" in {wrong} of {count} values"
    if kind != "gradient" and got.dtype == torch.float32 and _largest(difference) <= FLOAT32 * _largest(expected):
        kind = "precision"
    raise reply.fail(
        f"{what} is wrong{where}, by {'up to ' * (count > 1)}{_largest(difference):.3g}",
        *_samples(expected, got, difference),
        kind,
    )


def alike(made: Any, came: Any, allowed: float) -> bool:
    """Two results, of whatever kind, that agree to within a part of their size; nan and inf agree with themselves."""
    if isinstance(made, dict) and isinstance(came, dict):
        return made.keys() == came.keys() and all(alike(made[key], came[key], allowed) for key in made)
    if type(made) is type(came) and isinstance(made, list | tuple):
        return len(made) == len(came) and all(alike(a, b, allowed) for a, b in zip(made, came))
    if not isinstance(made, Tensor | float) or not isinstance(came, Tensor | float):
        return type(made) is type(came) and made == came
    first, second = torch.as_tensor(made).double(), torch.as_tensor(came).double()
    if first.shape != second.shape:
        return False
    scale = float(first.nan_to_num(posinf=0.0, neginf=0.0).abs().max()) if first.numel() else 0.0
    near = (first - second).abs() <= allowed * max(scale, 1e-2)
    return bool((near | (first == second) | (first.isnan() & second.isnan())).all())


def _samples(expected: Tensor, got: Tensor, difference: Tensor) -> tuple[str, str]:
    """The two numbers that are furthest apart, and how both begin."""
    worst = int(difference.nan_to_num(math.inf).argmax())
    numbers = apart(float(expected.flatten()[worst]), float(got.flatten()[worst]))
    if expected.ndim == 0:
        return numbers
    index = [int(i) for i in numpy.unravel_index(worst, tuple(expected.shape))]
    first, second = (f"{number} at {index}" for number in numbers)
    return (f"{first}; it begins {_beginning(expected)}", f"{second}; it begins {_beginning(got)}")


def apart(expected: float, got: float) -> tuple[str, str]:
    """Two numbers with as few digits as show that they are two."""
    for digits in range(5, 18 if expected != got else 6):
        shown = f"{expected:.{digits}g}", f"{got:.{digits}g}"
        if shown[0] != shown[1]:
            break
    return shown


def _sample(x: Tensor) -> str:
    return f"{x.item():.5g}" if x.ndim == 0 else f"a tensor that begins {_beginning(x)}"


def _beginning(x: Tensor) -> str:
    return ", ".join(f"{v:.5g}" for v in x.flatten()[:4].tolist())


def _not_finite(x: Tensor) -> str:
    bad, count = int((~x.isfinite()).sum()), x.numel()
    name = "nan" if int(x.isnan().sum()) == bad else "nan or inf"
    return (
        name
        if count == 1
        else f"{name} in all {count} values"
        if bad == count
        else f"{name} in {bad} of {count} values"
    )


def _kind(expected: Tensor, dtype: torch.dtype | None) -> str:
    name = str(dtype).removeprefix("torch.") if dtype is not None else "float"
    return f"a {name} tensor of shape {tuple(expected.shape)}"


def _ratio(error: float, allowed: float) -> float:
    """The error as a multiple of what is allowed; where nothing is, 0 or infinity. An error of nan is infinite."""
    if error == 0:
        return 0.0
    return error / allowed if allowed and not math.isnan(error) else math.inf


def _largest(x: Tensor) -> float:
    return float(x.abs().max()) if x.numel() else 0.0


def _tensor(value: Any) -> Any:
    return value.tensor if isinstance(value, Leaf) else value


def _is_float(value: Any) -> bool:
    return isinstance(_tensor(value), Tensor) and _tensor(value).is_floating_point()


def fixed_dtype(task: str, arguments: dict[str, Any]) -> torch.dtype | None:
    """The dtype that a result has to have; None where the contract leaves it free, as of schedules."""
    given = precision(arguments)
    free = function(task).widens and given != torch.float64
    return given if any(map(_is_float, arguments.values())) and not free else None


def _double(value: Any) -> Any:
    if isinstance(value, Leaf):
        return Leaf(value.tensor.double())
    return value.double() if _is_float(value) else value


def _nudge(name: str, value: Any, eps: float, seed: int) -> Any:
    """Move a float input by one unit in the last place, up or down at random; masks and whole numbers stay."""
    if isinstance(value, Leaf):
        return Leaf(_nudge(name, value.tensor, eps, seed))
    if isinstance(value, float):
        return value * (1 - eps)  # towards 0, which stays within the range of every argument
    if not _is_float(value) or "mask" in name:
        return fresh(value)
    return value * _factors(value.shape, eps, seed)


def _as_complement(alphas_cumprod: Tensor, eps: float) -> Tensor:
    """Moved by one unit of 1, which is what 1 − (1 − ᾱ) may lose, and not below 0."""
    return alphas_cumprod - torch.clamp(alphas_cumprod / 2, max=eps)


@lru_cache(maxsize=1024)
def _factors(shape: torch.Size, eps: float, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 1 + eps * (torch.randint(0, 2, shape, generator=generator, dtype=torch.int8).double() * 2 - 1)
