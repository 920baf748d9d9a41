"""What a chain cuts off, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class Level(NamedTuple):
    """What a clip may go by, besides what it clips."""

    first: bool
    last: bool
    signal: Tensor  # √ᾱ_prev


@dataclass(frozen=True)
class Clip:
    """What is cut off where: the estimate of the clean image, or the image after the step."""

    student: str = ""
    staff: str = ""
    estimate: Callable[[Tensor, bool, Level], Tensor] = lambda x0, asked, at: x0.clamp(-1, 1) if asked else x0
    image: Callable[[Tensor, bool, Level], Tensor] = lambda x, asked, at: x
    direction: bool = False  # eps is derived anew from the clipped estimate


CLIPS = (
    Clip(),
    Clip("clip_x0 has no effect.", "never clipped", lambda x0, asked, at: x0),
    Clip(
        "The estimate of the clean image is cut off to [-1, 1] although nobody asked for it.",
        "always clipped",
        lambda x0, asked, at: x0.clamp(-1, 1),
    ),
    Clip(
        "clip_x0 is turned round: the estimate is cut off unless it is asked for.",
        "clipped where it is not asked for",
        lambda x0, asked, at: x0 if asked else x0.clamp(-1, 1),
    ),
    Clip(
        "The range for clipping is that of images in [0, 1]. Here they lie in [-1, 1].",
        "clipped to [0, 1]",
        lambda x0, asked, at: x0.clamp(0, 1) if asked else x0,
    ),
    Clip(
        "clip_x0 cuts the estimate off at -1 only.",
        "clipped at -1 only",
        lambda x0, asked, at: x0.clamp(min=-1) if asked else x0,
    ),
    Clip(
        "clip_x0 cuts the estimate off at 1 only.",
        "clipped at 1 only",
        lambda x0, asked, at: x0.clamp(max=1) if asked else x0,
    ),
    Clip(
        "With clip_x0 the estimate is cut off to [-2, 2]. Images lie in [-1, 1].",
        "clipped to [-2, 2]",
        lambda x0, asked, at: x0.clamp(-2, 2) if asked else x0,
    ),
    Clip(
        "With clip_x0 the estimate is cut off to [-½, ½]. Images lie in [-1, 1].",
        "clipped to [-½, ½]",
        lambda x0, asked, at: x0.clamp(-0.5, 0.5) if asked else x0,
    ),
    Clip(
        "With clip_x0 the estimate is squashed by tanh. It is to be cut off.",
        "tanh for clamp",
        lambda x0, asked, at: x0.tanh() if asked else x0,
    ),
    Clip(
        "clip_x0 cuts off the noisy image instead of the estimate of the clean one.",
        "x_t clipped after every step",
        lambda x0, asked, at: x0,
        lambda x, asked, at: x.clamp(-1, 1) if asked else x,
    ),
    Clip(
        "clip_x0 acts on the result only. Every estimate along the way is to be clipped.",
        "only the result clipped",
        lambda x0, asked, at: x0,
        lambda x, asked, at: x.clamp(-1, 1) if asked and at.last else x,
    ),
    Clip(
        "The image is cut off to [-1, 1] after every step although nobody asked for it. Noisy images exceed that range.",
        "x_t always clipped",
        image=lambda x, asked, at: x.clamp(-1, 1),
    ),
    Clip(
        "The result is cut off to [-1, 1] although nobody asked for it.",
        "result always clipped",
        image=lambda x, asked, at: x.clamp(-1, 1) if at.last else x,
    ),
    Clip(
        "In the last step clip_x0 has no effect. Every estimate is to be clipped, that of the last step, too.",
        "not clipped in the last step",
        lambda x0, asked, at: x0.clamp(-1, 1) if asked and not at.last else x0,
    ),
    Clip(
        "clip_x0 acts in the last step only. Every estimate along the way is to be clipped.",
        "clipped in the last step only",
        lambda x0, asked, at: x0.clamp(-1, 1) if asked and at.last else x0,
    ),
    Clip(
        "In the first step clip_x0 has no effect. Every estimate is to be clipped.",
        "not clipped in the first step",
        lambda x0, asked, at: x0.clamp(-1, 1) if asked and not at.first else x0,
    ),
    Clip(
        "clip_x0 acts in the first step only. Every estimate along the way is to be clipped.",
        "clipped in the first step only",
        lambda x0, asked, at: x0.clamp(-1, 1) if asked and at.first else x0,
    ),
    Clip(
        "With clip_x0 the term √ᾱ_prev·x0 is cut off to [-1, 1]. The estimate itself is to be cut off, before it is scaled.",
        "clipped after it is scaled by √ᾱ_prev",
        lambda x0, asked, at: (at.signal * x0).clamp(-1, 1) / at.signal if asked else x0,
    ),
    Clip(
        "With clip_x0 each estimate is divided by its largest value where that exceeds 1. It is to be cut off, value by value.",
        "divided by the largest value of each sample",
        lambda x0, asked, at: x0 / _largest(x0, of_each=True).clamp(min=1) if asked else x0,
    ),
    Clip(
        "With clip_x0 each estimate is divided by its largest value. It is to be cut off, value by value.",
        "divided by the largest value of each sample, also below 1",
        lambda x0, asked, at: x0 / _largest(x0, of_each=True) if asked else x0,
    ),
    Clip(
        "With clip_x0 the estimates are divided by the batch's largest value. They are to be cut off, value by value.",
        "divided by the largest value of the batch",
        lambda x0, asked, at: x0 / _largest(x0, of_each=False).clamp(min=1) if asked else x0,
    ),
    Clip(
        "With clip_x0 the direction term changes as well. Only the estimate of the clean image is clipped here.",
        "eps derived anew from the clipped x0",
        direction=True,
    ),
)


def _largest(x0: Tensor, of_each: bool) -> Tensor:
    """The largest absolute value of each sample, or of all."""
    return x0.abs().amax(dim=tuple(range(1 if of_each else 0, x0.ndim)), keepdim=True)
