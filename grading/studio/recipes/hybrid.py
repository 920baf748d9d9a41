"""A hybrid image: one picture from near, another one from afar."""

from dataclasses import dataclass

from ...pictures.functions import Functions
from ...pictures.techniques import hybrid
from ..followed import sampled
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
    near, far = [settings.near] * settings.pictures, [settings.far] * settings.pictures
    made = Made()
    x0 = sampled(f, world, hybrid.near_and_far(f, world, near, far), settings.pictures, settings.steps, made, tell)
    made.show(f"near: {settings.near}", x0)
    made.show(f"far: {settings.far}", f("illusions.lowpass", x=x0, **hybrid.BLUR))
    return made
