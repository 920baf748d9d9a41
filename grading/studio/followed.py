"""A sampler's steps: shown as they go by, and kept for a slider."""

from torch import Tensor

from ..pictures.functions import Functions
from ..pictures.techniques import ddpm
from ..pictures.worlds.world import EpsModel, World
from .made import Made, Tell
from .seen import seen

__all__ = ["followed", "sampled"]


def followed(model: EpsModel, world: World, steps: int, made: Made, tell: Tell) -> EpsModel:
    """The network for a sampler of so many steps, each of which becomes a stage of ``made`` and is told."""

    def see(x_t: Tensor, x0: Tensor, t: int) -> None:
        made.stages.append([(f"x_t at t = {t}", world.decode(x_t)), ("x̂₀ seen in it", world.decode(x0))])
        done = min(len(made.stages) / (steps + 1), 0.99)
        tell(done, Made(rows=made.stages[-1], stages=[*made.stages]))

    return seen(model, world, see)


def sampled(f: Functions, world: World, model: EpsModel, pictures: int, steps: int, made: Made, tell: Tell) -> Tensor:
    """The pictures of a DDPM chain with this network, followed, from the world's noise."""
    x_T, timesteps = world.noise(pictures, "x_T"), f.timesteps(len(world.schedule), steps)
    model = followed(model, world, len(timesteps), made, tell)
    noise_fn = world.noise_fn("illusion")
    return world.decode(ddpm.sampled(f, world, model, x_T, timesteps, noise_fn, clip_x0=world.in_pixels))
