"""Flow matching: digits along a velocity, step by step, and where it leads from each point of the way."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...pictures.functions import Functions
from ...pictures.techniques import flow
from ...verdicts import Unusable
from ..made import Made, Tell
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings:
    digit: int = 3
    steps: int = 10
    guidance: float = flow.GUIDANCE
    pictures: int = 2
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """The digits; ``stages`` are the steps, x_t and the x̂_1 that its velocity leads to."""
    if settings.pictures < 1 or settings.steps < 1:
        raise Unusable(f"expected at least 1 picture and 1 step, got {settings.pictures} and {settings.steps}")
    if not 0 <= settings.digit <= 9:
        raise Unusable(f"digit: expected 0 to 9, got {settings.digit}")
    digits, made = worlds.digits(settings.seed), Made()
    labels = torch.full((settings.pictures,), settings.digit)
    velocity = flow.guided(f, digits, labels, settings.guidance)

    def seen(x_t: Tensor, t: Tensor) -> Tensor:
        v = velocity(x_t, t)
        at = float(t.flatten()[0])
        x1 = x_t + (1 - at) * v
        made.stages.append([(f"x_t at t = {at:.3g}", x_t.detach().float()), ("x̂₁ seen in it", x1.detach().float())])
        tell(min(len(made.stages) / settings.steps, 0.99), Made(rows=made.stages[-1], stages=[*made.stages]))
        return v

    x_1 = flow.sampled(f, seen, digits.noise(settings.pictures, "x_0"), settings.steps)
    made.show(f"Euler, {settings.steps} steps", x_1)
    made.higher("likeness to the digit asked for", digits.likeness(x_1, labels), flow.LIKENESS)
    return made
