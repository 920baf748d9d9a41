"""What a function gives at points that are the same for everybody: by it a formula is known again, however it is written.

Of each result are kept its shape and three numbers, its size and two sums with weights of their own. Two ways to write a
formula agree in them to within rounding; two formulas do not. They explain nothing and decide no point.
"""

import torch
from torch import Tensor

from ..checking.compare import alike, exact, precision
from ..checking.points import cases
from ..contract.functions import function
from ..sandbox import limits
from ..sandbox.crossing.values import all_fresh
from ..sandbox.student import Student
from ..verdicts import Failure, Value
from .clock import OutOfTime
from .readback.evidence import Answer, answers, as_tensor

SEED = 103  # as no check draws; the points that reading back asks have seeds of their own
POINTS = 12
DIGITS = 9
RIGHT = 1e-7  # of the largest value: nearer to the right result than a wrong formula comes


def values(student: Student, out_of_time: OutOfTime) -> tuple[Value, ...]:
    """By point; none where all results are right, or where nothing came back.

    A point that the course's own kit leaves free has no value.
    """
    if not (function(student.task).exact and student.open):
        return ()
    points = [arguments for _, arguments in cases(student.task, SEED)]
    doubles = [arguments for arguments in points if precision(arguments) == torch.float64] or points
    came: list[Answer | None] = []
    for arguments in doubles[:POINTS]:
        if out_of_time():
            return ()
        try:
            own = answers(lambda **sent: student.ask(limits.CALL_SECONDS, **sent), [all_fresh(arguments)])
        except Failure:  # it hung or died
            return ()
        came.append(own[0] if own else None)
    known = [one for one in came if one is not None]
    if all(one.error for one in known) or all(_is_right(student.task, one) for one in known):
        return ()
    return tuple(Value("", ()) if one is None else _value(one) for one in came)


def _is_right(task: str, one: Answer) -> bool:
    return not one.error and alike(exact(task, all_fresh(one.arguments)), one.value, RIGHT)


def _value(one: Answer) -> Value:
    return Value(one.error, ()) if one.error else _shortened(one.value)


def _shortened(value: object) -> Value:
    if isinstance(value, list | tuple) and any(isinstance(one, Tensor) for one in value):
        parts = [_shortened(one) for one in value]
        return Value("; ".join(one.form for one in parts), tuple(number for one in parts for number in one.numbers))
    plain = isinstance(value, list) and value and all(isinstance(one, int | float) for one in value)
    tensor = torch.tensor(value, dtype=torch.float64) if plain else as_tensor(value)
    if tensor is None:
        return Value(type(value).__name__, ())
    flat = tensor.double().flatten()
    holes = int((~flat.isfinite()).sum())
    flat = torch.where(flat.isfinite(), flat, 0.0)
    places = torch.arange(1, flat.numel() + 1, dtype=torch.float64)
    numbers = (flat.norm(), flat @ (places * 2.4).cos(), flat @ (places**2 * 0.7).sin())
    form = str(list(tensor.shape)) + f", {holes} not finite" * bool(holes)
    return Value(form, tuple(float(f"{float(one):.{DIGITS}g}") for one in numbers))
