"""Prompted editing: a picture is noised, and denoised towards what a prompt says."""

from dataclasses import dataclass

import torch.nn.functional as F

from ...pictures.functions import Functions
from ...pictures.techniques import guidance, sdedit
from ...verdicts import Unusable
from ..followed import followed
from ..made import Made, Tell
from ..own import Own
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings(Own):
    world: str = "emoji"
    prompt: str = "lion face"
    guidance: float = 3.0
    start: int = 10  # of the steps: 0 begins in nearly pure noise, the last one in nearly the picture itself
    steps: int = 25
    pictures: int = 3
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """The picture, and what it becomes."""
    world = worlds.world(settings.world, settings.seed)
    timesteps = f.timesteps(len(world.schedule), settings.steps)
    if not 0 <= settings.start < len(timesteps):
        raise Unusable(f"start: expected one of the steps from 0 to {len(timesteps) - 1}, got {settings.start}")
    original, noise = settings.pixels(world.size), world.noise(settings.pictures, "edit")
    made = Made()
    model = guidance.guided(f, world, [settings.prompt] * settings.pictures, settings.guidance)
    model = followed(model, world, len(timesteps) - settings.start, made, tell)
    image = original.expand(settings.pictures, -1, -1, -1)
    x0 = sdedit.edited(f, world, model, image, noise, settings.start, timesteps, world.noise_fn("edit"))
    made.show(f"edited: {settings.prompt or 'no prompt'}", x0)
    made.show("your picture", original)
    made.lower("change", F.mse_loss(x0.clamp(-1, 1), image), sdedit.CHANGE)
    return made
