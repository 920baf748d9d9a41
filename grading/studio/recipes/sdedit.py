"""SDEdit of a drawing: noised to a timestep, and sampled from there towards a prompt."""

from dataclasses import dataclass
from pathlib import Path

import torch.nn.functional as F

from ...pictures.functions import Functions
from ...pictures.techniques import guidance, sdedit
from ...verdicts import Unusable
from ..drawing import drawn
from ..followed import followed
from ..made import Made, Tell
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings:
    drawing: Path | None = None
    world: str = "emoji"
    prompt: str = "cat face"
    steps: int = 25  # N, of the whole way from noise
    start: int = 8  # the index of the timestep to which it is noised: the later, the closer to what is drawn
    guidance: float = 3.0
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """The drawing as a picture of the prompt."""
    world = worlds.world(settings.world, settings.seed)
    sketch, _ = drawn(settings.drawing, world.size)
    timesteps = f.timesteps(len(world.schedule), settings.steps)
    if not 0 <= settings.start < len(timesteps):
        raise Unusable(f"start: expected an index from 0 to {len(timesteps) - 1}, got {settings.start}")
    made, noise = Made(), world.noise(1, "sdedit")
    model = guidance.guided(f, world, [settings.prompt], settings.guidance)
    model = followed(model, world, len(timesteps) - settings.start, made, tell)
    x0 = sdedit.edited(f, world, model, sketch, noise, settings.start, timesteps, world.noise_fn("sdedit"))
    made.show(f"edited: {settings.prompt or 'no prompt'}", x0)
    made.show("what is drawn, as the network sees it", sketch)
    made.lower("change", F.mse_loss(x0.clamp(-1, 1), sketch), sdedit.CHANGE)
    return made
