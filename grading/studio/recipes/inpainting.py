"""Inpainting: what is painted over is drawn anew, several times from different noise."""

from dataclasses import dataclass
from pathlib import Path

import torch.nn.functional as F

from ...pictures.functions import Functions
from ...pictures.techniques import guidance, inpainting
from ...verdicts import Unusable
from ..followed import followed
from ..made import Made, Tell
from ..own import Own, mask_of
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings(Own):
    mask: Path | None = None  # over the square: not transparent, or white, where new content goes
    world: str = "emoji"
    prompt: str = ""
    guidance: float = 3.0
    steps: int = 50
    pictures: int = 3
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """What is kept of the picture, and what comes in the place of the rest."""
    if not settings.mask:
        raise Unusable("mask: nothing is painted yet; paint over what is to be drawn anew")
    world = worlds.world(settings.world, settings.seed)
    original, mask = settings.pixels(world.size), mask_of(settings.mask, world.size)
    x_T, timesteps = world.noise(settings.pictures, "x_T"), f.timesteps(len(world.schedule), settings.steps)
    x_orig, edit_mask = world.encode(original).expand_as(x_T), F.interpolate(mask, x_T.shape[2:])
    made = Made()
    model = guidance.guided(f, world, [settings.prompt] * settings.pictures, settings.guidance)
    model = followed(model, world, len(timesteps), made, tell)
    x0 = inpainting.inpainted(f, world, model, x_orig, edit_mask, x_T, timesteps, world.noise_fn("inpaint"))
    made.show("inpainted", world.decode(x0))
    made.show("what is kept", original * (1 - mask) + mask)
    changed = ((x0 - x_orig) * (1 - edit_mask)).abs().max()
    made.lower("change where the picture is kept", changed, "the largest difference outside the mask; 0 is right")
    return made
