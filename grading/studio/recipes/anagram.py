"""A visual anagram: one picture upright, another one upside down."""

from dataclasses import dataclass

from ...pictures.functions import Functions
from ...pictures.techniques import anagram, ddpm
from ..followed import followed
from ..made import Made, Tell
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings:
    world: str = "emoji"
    upright: str = "strawberry"
    flipped: str = "rose"
    steps: int = 40
    pictures: int = 1
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """The pictures, and the same upside down."""
    world = worlds.world(settings.world, settings.seed)
    x_T, timesteps = world.noise(settings.pictures, "x_T"), f.timesteps(len(world.schedule), settings.steps)
    upright, flipped = [settings.upright] * settings.pictures, [settings.flipped] * settings.pictures
    made = Made()
    model = followed(anagram.two_ways_up(f, world, upright, flipped), world, len(timesteps), made, tell)
    pixels = world.size == world.shape[-1]  # latents are not in [-1, 1]
    x0 = world.decode(ddpm.sampled(f, world, model, x_T, timesteps, world.noise_fn("illusion"), clip_x0=pixels))
    made.show(f"upright: {settings.upright}", x0)
    made.show(f"upside down: {settings.flipped}", x0.flip(2))
    return made
