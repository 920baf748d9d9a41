"""The ways that the flow model's samples go from noise to digits: how straight they are, in numbers and as a picture."""

from functools import cache
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ..data.draws import seeded
from ..flow import flow_step, guided_velocity
from ..networks.quality import SEED, straightness
from .diffusion import SCALE

__all__ = ["draw_ways", "off_the_chord", "straightness_by_guidance"]

STEPS, SAMPLES = 50, 100
SCALES = {"without guidance": 1.0, f"γ = {SCALE:g}": SCALE}


def straightness_by_guidance(model: Any) -> dict[str, float]:
    """Of ten ways to each digit, from the same noise."""
    return {name: straightness(_points(model, scale)) for name, scale in SCALES.items()}


def draw_ways(model: Any) -> Figure:
    """Each way in the plane of its own chord: a straight one lies on the axis."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    axes = figure.subplots(1, len(SCALES), sharey=True)
    for axis, (name, scale) in zip(axes, SCALES.items()):
        points = _points(model, scale)
        along, off = off_the_chord(points)
        axis.plot(along, off, color="#4c72b0", linewidth=0.5, alpha=0.4)
        axis.plot(along.mean(1), off.mean(1), color="#c44e52", label="mean")
        axis.set(xlabel="along the straight line from noise to digit", title=f"{name}: {straightness(points):.3f}")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("away from it, of its length")
    axes[0].legend(frameon=False)
    return figure


def off_the_chord(points: Tensor) -> tuple[Tensor, Tensor]:
    """How far each way has come along the line between its ends, and how far it is off it; both in the line's length.

    Args:
        points: (S + 1, B, …), the samples after each step.

    Returns:
        Two tensors (S + 1, B); the first goes from 0 to 1.

    >>> around_the_corner = torch.tensor([[[0.0, 0.0]], [[3.0, 0.0]], [[3.0, 4.0]]])
    >>> along, off = off_the_chord(around_the_corner)  # the corner is 9 / 5 along a line of length 5, 12 / 5 off it
    >>> [round(float(value), 2) for value in along], [round(float(value), 2) for value in off]
    ([0.0, 0.36, 1.0], [0.0, 0.48, 0.0])
    """
    gone = (points - points[0]).flatten(2)
    chord = gone[-1]
    length = chord.norm(dim=1)
    along = (gone * chord).sum(2) / length**2
    return along, (gone - along[:, :, None] * chord).norm(dim=2) / length


@cache  # for the numbers and for the picture
@torch.no_grad()
def _points(model: Any, scale: float) -> Tensor:
    """(STEPS + 1, SAMPLES, 1, 28, 28): guided samples, after each Euler step."""
    labels = torch.arange(10).repeat(SAMPLES // 10)
    points = [torch.randn((SAMPLES, 1, 28, 28), generator=seeded("cpu", SEED))]
    for i in range(STEPS):
        v = guided_velocity(model, points[-1], labels, torch.full((SAMPLES,), i / STEPS), scale)
        points.append(flow_step(points[-1], v, i / STEPS, (i + 1) / STEPS))
    return torch.stack(points)
