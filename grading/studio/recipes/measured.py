"""Diffusion posterior sampling: from what was measured of a picture back to pictures that it can have come from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from ...pictures.functions import Functions
from ...pictures.techniques import dps
from ...verdicts import Unusable
from ..followed import followed
from ..made import Made, Tell
from ..own import Own, mask_of
from ..worlds import Worlds

__all__ = ["OPERATORS", "PAINTED", "Settings", "make"]

PAINTED = "a painted hole"
OPERATORS = (*dps.OPERATORS, PAINTED)


@dataclass(frozen=True)
class Settings(Own):
    operator: str = "super-resolution"
    mask: Path | None = None  # for a painted hole, over the square: not transparent, or white, where nothing is known
    world: str = "emoji"
    prompt: str = ""
    scale: float = 0.5  # ζ
    steps: int = 50
    pictures: int = 3
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """The picture, what is measured of it, and pictures of which the same would be measured."""
    world = worlds.world(settings.world, settings.seed)
    if world.size != world.shape[-1]:
        raise Unusable(f"world: DPS measures pictures, and {settings.world} works on latents")
    original, operator = settings.pixels(world.size), _operator(settings, world.size)
    measurement = operator(original)
    x_T, timesteps = world.noise(settings.pictures, "x_T"), f.timesteps(len(world.schedule), settings.steps)
    made = Made()
    model = dps.differentiable(world, [settings.prompt] * settings.pictures)
    model = followed(model, world, len(timesteps), made, tell)
    wanted = measurement.expand(settings.pictures, -1, -1, -1)
    noise_fn = world.noise_fn("dps")
    x0 = dps.restored(f, world, model, wanted, operator, x_T, timesteps, noise_fn, settings.scale)
    made.show("restored", x0)
    made.show("what was measured", F.interpolate(measurement, world.size))
    made.show("your picture", original)
    made.lower("misfit of the measurement", F.mse_loss(operator(x0), wanted), dps.MISFIT)
    made.lower("distance to your picture", F.mse_loss(x0.clamp(-1, 1), original.expand_as(x0)), dps.DISTANCE)
    return made


def _operator(settings: Settings, size: int) -> Callable[[Tensor], Tensor]:
    if settings.operator == PAINTED:
        if not settings.mask:
            raise Unusable("mask: nothing is painted yet; paint over what is not to be known")
        known = 1 - mask_of(settings.mask, size)
        return lambda x: x * known
    if settings.operator not in dps.OPERATORS:
        raise Unusable(f"operator: expected one of {', '.join(OPERATORS)}, got {settings.operator!r}")
    return dps.OPERATORS[settings.operator]
