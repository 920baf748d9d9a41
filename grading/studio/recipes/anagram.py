"""A visual anagram: one picture upright, another one upside down."""

from dataclasses import dataclass

from ...pictures.functions import Functions
from ...pictures.techniques import anagram
from ..followed import sampled
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
    upright, flipped = [settings.upright] * settings.pictures, [settings.flipped] * settings.pictures
    made = Made()
    x0 = sampled(
        f, world, anagram.two_ways_up(f, world, upright, flipped), settings.pictures, settings.steps, made, tell
    )
    made.show(f"upright: {settings.upright}", x0)
    made.show(f"upside down: {settings.flipped}", x0.flip(2))
    return made
