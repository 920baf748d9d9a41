"""What a recipe makes, while it is made and in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..pictures.demonstration import Shown

__all__ = ["Made", "Row", "Tell"]

Row = tuple[str, Tensor]  # a caption, and pictures (N, C, H, W) in [-1, 1], or [0, 1] for one channel


@dataclass
class Made(Shown):
    """Rows of pictures, and what of it moves.

    ``stages`` are rows of their own, for a slider: the steps of a sampler, the frames of a walk. ``again`` is where a search
    that was stopped goes on, in that recipe's own terms.
    """

    stages: list[list[Row]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    again: Any = None


Tell = Callable[[float, Made], None]  # how much of it is done, from 0 to 1, and what there is by now
