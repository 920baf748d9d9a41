"""DDIM: from noise to a picture in few steps, without drawing anything on the way."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import LIKENESS, PROMPTS, STRANGENESS, Shipped
from ..worlds.world import EpsModel, World
from .guidance import guided_by_reference

__all__ = ["sampled"]


def sampled(
    f: Functions,
    world: World,
    eps_model: EpsModel,
    x_T: Tensor,
    timesteps: Sequence[int],
    clip_x0: bool = False,
    **drawn: Any,
) -> Tensor:
    """x_0 of x_T; with η = 0 unless ``eta`` and ``noise_fn`` say what is drawn on the way."""
    return f(
        "ddim.sample_ddim",
        eps_model=eps_model,
        x_T=x_T,
        timesteps=timesteps,
        alphas_cumprod=world.schedule,
        clip_x0=clip_x0,
        **drawn,
    )


@demonstration("DDIM in 5, 10, 25 and 50 steps", "noising.strided_timesteps", "ddim.sample_ddim")
def ddim(f: Functions, world: Shipped) -> Shown:
    """The same noise, more and more steps."""
    shown = Shown()
    model, cond = guided_by_reference(world, 2.0), world.embed(*PROMPTS)
    eps_model = lambda x_t, t: model(x_t, t, cond)
    for steps in (5, 10, 25, 50):
        x0 = sampled(f, world, eps_model, world.noise(8, "x_T"), f.timesteps(1000, steps))
        shown.show(f"DDIM, {steps} steps, eta 0", x0)
        if steps >= 25:
            shown.higher(f"likeness to the prompts' pictures, {steps} steps", world.likeness(x0, PROMPTS), LIKENESS)
            shown.lower(f"distance to the nearest real picture, {steps} steps", world.strangeness(x0), STRANGENESS)
    return shown
