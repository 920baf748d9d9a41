"""Classifier-free guidance: away from the picture of no prompt, towards that of the prompt."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from reference.guidance import guided_eps

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import LIKENESS, PROMPTS, Shipped
from ..worlds.world import EpsModel, World
from .ddpm import sampled

__all__ = ["combined", "guided", "guided_by_reference"]

GUIDANCE = 3.0


def guided(f: Functions, world: World, prompts: Sequence[str], scale: float) -> EpsModel:
    """A network with prompts, guided by the submission."""
    cond, null, model = world.embed(*prompts), world.null(len(prompts)), torch.no_grad()(world.eps)
    return lambda x_t, t: f("guidance.guided_eps", model=model, x_t=x_t, t=t, cond=cond, null_cond=null, scale=scale)


def combined(f: Functions, world: World, prompts: Sequence[str], scale: float) -> EpsModel:
    """The same where the network is asked here, with a doubled batch, and the submission combines its two answers."""
    cond = torch.cat([world.null(len(prompts)), world.embed(*prompts)])

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        with torch.no_grad():
            null, asked = world.eps(torch.cat([x_t, x_t]), t, cond).chunk(2)
        return f("guidance.classifier_free_guidance", eps_uncond=null, eps_cond=asked, scale=scale)

    return eps_model


def guided_by_reference(world: World, scale: float = GUIDANCE) -> Callable[[Tensor, int, Tensor], Tensor]:
    """A conditional network that the reference guides, for techniques that are about something else."""

    @torch.no_grad()
    def model(x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        return guided_eps(world.eps, x_t, t, cond, world.null(len(x_t)), scale)

    return model


@demonstration("classifier-free guidance", "guidance.guided_eps", "ddpm.sample_ddpm")
def guidance(f: Functions, world: Shipped) -> Shown:
    """The stronger, the more typical."""
    shown = Shown()
    timesteps = list(range(960, -1, -40))
    for scale in (0.0, 1.0, 3.0, 7.5):
        eps_model = guided(f, world, PROMPTS, scale)
        x0 = sampled(f, world, eps_model, world.noise(8, "x_T"), timesteps, world.noise_fn("guidance"))
        shown.show(f"scale {scale:g}" + (": no prompt" if scale == 0 else ""), x0)
        if scale:  # at 0 nobody hears the prompt
            shown.higher(f"likeness to the prompts' pictures, scale {scale:g}", world.likeness(x0, PROMPTS), LIKENESS)
    return shown
