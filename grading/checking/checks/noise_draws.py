"""How a sampler uses its noise, whatever the order in which it draws.

The probes' networks are affine, so the result is affine in every draw. Feeding one draw and zeros for all others
isolates what that draw does; each must do what exactly one of the reference's draws does, and none may be missing.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...sandbox.replies import Reply
from ...sandbox.student import Student
from ..compare import exact
from .expect import assert_image

MAX_DRAWS = 60


class OneDraw:
    """A noise source that gives ``noise`` at one call and zeros at all others."""

    def __init__(self, noise: Tensor, number: int | None) -> None:
        self.noise, self.number, self.calls = noise, number, 0

    def __call__(self, x: Tensor) -> Tensor:
        if x.shape != self.noise.shape:
            raise ValueError(f"noise_fn takes an image of shape {tuple(self.noise.shape)}, got {tuple(x.shape)}")
        self.calls += 1
        return self.noise.to(x.dtype) if self.calls - 1 == self.number else torch.zeros_like(x)


def assert_independent_draws(student: Student, impulse: Tensor, **arguments: Any) -> None:
    """Every draw of the reference has its counterpart among the student's, used once and with the same effect."""

    def run_reference(source: OneDraw) -> Tensor:
        return exact(student.task, arguments | {"noise_fn": source})

    replies: list[Reply] = []

    def run_student(source: OneDraw) -> Tensor:
        replies.append(student(**arguments, noise_fn=source))
        if not isinstance(replies[-1].value, Tensor) or replies[-1].value.shape != impulse.shape:
            assert_image(replies[-1], tuple(impulse.shape))
        return replies[-1].value

    allowed = 1e-7 * max(1.0, float(impulse.abs().max()))
    (right, wanted), (silent, effects) = (_effects(run, impulse, allowed) for run in (run_reference, run_student))
    count = len(wanted)
    if len(effects) != count:
        if not bool(((silent - right).abs() <= allowed).all()):  # how many draws reach a wrong result proves nothing
            raise replies[-1].fail("without any noise the result is wrong already", kind="value")
        summary = (
            "some noise does not reach the result"
            if len(effects) < count
            else "more noise reaches the result than should"
        )
        got = f"{len(effects)} draws from noise_fn reach it"
        raise replies[-1].fail(summary, f"{count} draws that reach the result", got)
    for number, effect in enumerate(effects):
        match = next((i for i, w in enumerate(wanted) if float((w - effect).abs().max()) <= allowed), None)
        if match is None:  # as many draws as there should be: the noise is not what is wrong, or not all
            said = f"draw {number + 1} of {count} from noise_fn acts on the result in another way than the formula's"
            raise replies[-1].fail(said, kind="value")
        del wanted[match]


def _effects(run: Callable[[OneDraw], Tensor], noise: Tensor, allowed: float) -> tuple[Tensor, list[Tensor]]:
    """The result without any noise, and what each draw adds to it, where that is something."""
    silent = OneDraw(noise, None)
    base = run(silent)
    alone = (run(OneDraw(noise, number)) - base for number in range(min(silent.calls, MAX_DRAWS)))
    return base, [effect for effect in alone if float(effect.abs().max()) > allowed]
