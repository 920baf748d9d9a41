"""Prompted editing: SDEdit with guidance, from one picture to what a prompt says."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import LIKENESS, Shipped
from ..worlds.world import World
from .guidance import guided
from .sdedit import CHANGE, TIMESTEPS, edited

__all__ = ["edited_to"]


def edited_to(
    f: Functions,
    world: World,
    image: Tensor,
    prompts: Sequence[str],
    scale: float,
    start: int,
    timesteps: Sequence[int],
) -> Tensor:
    """A picture for each prompt that resembles the given one: the earlier the start, the less; 0 is nearly pure noise."""
    noise, noise_fn = world.noise(len(image), "edit"), world.noise_fn(f"edit {start} {scale}")
    return edited(f, world, guided(f, world, prompts, scale), image, noise, start, timesteps, noise_fn)


@demonstration("prompted editing", "editing.sdedit", "guidance.guided_eps")
def prompted_editing(f: Functions, world: Shipped) -> Shown:
    """CMU part 3 and CS180 1.7.3: two amounts of noise, two strengths of guidance."""
    shown = Shown()
    prompts = ("grinning face", "lion face", "basketball", "full moon with face")
    image = world.scribble.expand(4, -1, -1, -1)
    for start in (6, 11):
        for scale in (2.0, 6.0):
            x0 = edited_to(f, world, image, prompts, scale, start, TIMESTEPS)
            shown.show(f"scribble to {', '.join(prompts)}; start {start}, guidance {scale:g}", x0)
            how = f"start {start}, guidance {scale:g}"
            shown.higher(f"likeness to the prompts, {how}", world.likeness(x0, prompts), LIKENESS)
            shown.lower(f"change, {how}", F.mse_loss(x0, image), CHANGE)
    return shown
