"""DDPM and DDIM from the same noise, step by step."""

from dataclasses import dataclass
from functools import partial

from torch import Tensor

from ...pictures.functions import Functions
from ...pictures.techniques import ddim, ddpm, guidance
from ...verdicts import Unusable
from ..made import Made, Row, Tell
from ..seen import seen
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings:
    world: str = "emoji"
    prompt: str = "cat face"
    steps: int = 25
    eta: float = 0.0  # of DDIM: 0 draws nothing on the way, 1 about as much as DDPM
    guidance: float = 3.0
    pictures: int = 2
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """Both samplers from one x_T; ``stages`` are their steps, x_t and the x̂_0 that the network sees in it."""
    if settings.pictures < 1:
        raise Unusable(f"pictures: expected at least 1, got {settings.pictures}")
    world = worlds.world(settings.world, settings.seed)
    x_T, timesteps = world.noise(settings.pictures, "x_T"), f.timesteps(len(world.schedule), settings.steps)
    model = guidance.guided(f, world, [settings.prompt] * settings.pictures, settings.guidance)
    samplers = {
        "DDPM": partial(ddpm.sampled, noise_fn=world.noise_fn("ddpm"), clip_x0=world.in_pixels),
        f"DDIM, η = {settings.eta:g}": partial(ddim.sampled, eta=settings.eta, noise_fn=world.noise_fn("ddim")),
    }
    made, ways = Made(), {name: list[list[Row]]() for name in samplers}
    for name, sampled in samplers.items():

        def see(x_t: Tensor, x0: Tensor, t: int, name: str = name) -> None:
            ways[name].append([(f"{name}: x_t at t = {t}", world.decode(x_t)), ("x̂₀ seen in it", world.decode(x0))])
            done = sum(map(len, ways.values())) / (2 * len(timesteps))
            tell(min(done, 0.99), Made(rows=[*made.rows, *ways[name][-1]]))

        made.show(name, world.decode(sampled(f, world, seen(model, world, see), x_T, timesteps)))
    made.stages = [[row for stage in both for row in stage] for both in zip(*ways.values())]
    return made
