"""A hybrid image: one picture from near, another one from afar."""

from dataclasses import dataclass

from ...pictures.functions import Functions
from ...pictures.techniques import ddpm, hybrid
from ..followed import followed
from ..made import Made, Tell
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings:
    world: str = "emoji"
    near: str = "cat face"
    far: str = "red heart"
    steps: int = 40
    pictures: int = 1
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """The pictures, and the same blurred."""
    world = worlds.world(settings.world, settings.seed)
    x_T, timesteps = world.noise(settings.pictures, "x_T"), f.timesteps(len(world.schedule), settings.steps)
    near, far = [settings.near] * settings.pictures, [settings.far] * settings.pictures
    made = Made()
    model = followed(hybrid.near_and_far(f, world, near, far), world, len(timesteps), made, tell)
    pixels = world.size == world.shape[-1]  # latents are not in [-1, 1]
    x0 = world.decode(ddpm.sampled(f, world, model, x_T, timesteps, world.noise_fn("illusion"), clip_x0=pixels))
    made.show(f"near: {settings.near}", x0)
    made.show(f"far: {settings.far}", f("illusions.lowpass", x=x0, **hybrid.BLUR))
    return made
