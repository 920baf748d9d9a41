"""DDPM: from noise to a picture, one posterior step after the other."""

from collections.abc import Sequence

from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import LIKENESS, PROMPTS, STRANGENESS, Shipped
from ..worlds.world import EpsModel, NoiseFn, World

__all__ = ["sampled"]


def sampled(
    f: Functions,
    world: World,
    eps_model: EpsModel,
    x_T: Tensor,
    timesteps: Sequence[int],
    noise_fn: NoiseFn,
    clip_x0: bool = True,
) -> Tensor:
    """x_0 of x_T, by ancestral sampling."""
    return f(
        "ddpm.sample_ddpm",
        eps_model=eps_model,
        x_T=x_T,
        timesteps=timesteps,
        alphas_cumprod=world.schedule,
        noise_fn=noise_fn,
        clip_x0=clip_x0,
    )


@demonstration("DDPM sampling", "noising.strided_timesteps", "ddpm.sample_ddpm")
def ddpm(f: Functions, world: Shipped) -> Shown:
    """Prompted pictures from noise, without guidance."""
    shown = Shown()
    x_T, timesteps = world.noise(8, "x_T"), f.timesteps(1000, 100)
    x0 = sampled(f, world, world.prompted(PROMPTS), x_T, timesteps, world.noise_fn("ddpm"))
    shown.show("DDPM, 100 steps: " + ", ".join(PROMPTS), x0)
    shown.higher("likeness to the prompts' pictures", world.likeness(x0, PROMPTS), LIKENESS)
    shown.lower("distance to the nearest real picture", world.strangeness(x0), STRANGENESS)
    return shown
