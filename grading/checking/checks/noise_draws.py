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
            raise replies[-1].fail("the result is no image of the same shape", f"a tensor {tuple(impulse.shape)}")
        return replies[-1].value

    expected = _effects(run_reference, impulse)
    effects = _effects(run_student, impulse)
    allowed = 1e-7 * max(1.0, float(impulse.abs().max()))
    wanted = [effect for effect in expected if float(effect.abs().max()) > allowed]
    count = len(wanted)
    for number, effect in enumerate(effects):
        if float(effect.abs().max()) <= allowed:
            continue
        match = next((i for i, w in enumerate(wanted) if float((w - effect).abs().max()) <= allowed), None)
        if match is None:
            raise replies[-1].fail(
                f"draw {number + 1} of {len(effects)} from noise_fn does not act as the noise of one step",
                f"{count} draws that count, each used once and weighted as its step asks",
                f"a draw whose effect on the result is up to {float(effect.abs().max()):.3g} and matches no step's",
            )
        del wanted[match]
    if wanted:
        raise replies[-1].fail(
            "some steps get no fresh noise from noise_fn",
            f"{count} independent draws that count",
            f"{len(effects)} draws, {count - len(wanted)} of them used as they should be",
        )


def _effects(run: Callable[[OneDraw], Tensor], noise: Tensor) -> list[Tensor]:
    silent = OneDraw(noise, None)
    base = run(silent)
    return [run(OneDraw(noise, number)) - base for number in range(min(silent.calls, MAX_DRAWS))]
