"""Inpainting as RePaint does it: at every step what is known is put back, as noisy as the rest."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import LIKENESS, PROMPTS, Shipped
from ..worlds.world import EpsModel, NoiseFn, World

__all__ = ["inpainted"]


def inpainted(
    f: Functions,
    world: World,
    eps_model: EpsModel,
    original: Tensor,
    edit_mask: Tensor,
    x_T: Tensor,
    timesteps: Sequence[int],
    noise_fn: NoiseFn,
) -> Tensor:
    """x_0 that is the original where the mask is 0, and drawn anew where it is 1."""
    return f(
        "editing.inpaint",
        eps_model=eps_model,
        x_T=x_T,
        x_orig=original,
        edit_mask=edit_mask,
        timesteps=timesteps,
        alphas_cumprod=world.schedule,
        noise_fn=noise_fn,
    )


@demonstration("inpainting", "editing.inpaint")
def inpainting(f: Functions, world: Shipped) -> Shown:
    """CS180 1.7.2: the right half of each picture anew."""
    shown = Shown()
    original, model = world.pictures(*PROMPTS), world.prompted(PROMPTS)
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 16:] = 1
    x_T, timesteps = world.noise(len(original), "x_T"), list(range(980, -1, -20))
    x0 = inpainted(f, world, model, original, mask, x_T, timesteps, world.noise_fn("inpaint"))
    shown.show("the left half is kept", original * (1 - mask) + mask)
    shown.show("inpainted", x0)
    kept, drawn = (1 - mask).expand_as(x0).bool(), mask.expand_as(x0).bool()
    changed, guessed = F.mse_loss(x0[kept], original[kept]), F.mse_loss(x0[drawn].clamp(-1, 1), original[drawn])
    shown.lower("change where the picture is kept", changed, "the mean squared difference outside the mask; 0 is right")
    shown.lower(
        "difference to the hidden half", guessed, "the mean squared difference inside the mask to what was there"
    )
    shown.higher("likeness to the whole picture", world.likeness(x0, PROMPTS), LIKENESS)
    return shown
