"""SDEdit: a picture is noised and denoised again, and what is not typical of the model's pictures does not come back."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import STRANGENESS, Shipped
from ..worlds.world import EpsModel, NoiseFn, World

__all__ = ["CHANGE", "TIMESTEPS", "edited"]

CHANGE = "the mean squared difference to the picture that went in"
STARTS = (1, 3, 5, 7, 10, 20)
TIMESTEPS = list(range(960, -1, -40))  # 25 of 1000


def edited(
    f: Functions,
    world: World,
    eps_model: EpsModel,
    image: Tensor,
    noise: Tensor,
    start: int,
    timesteps: Sequence[int],
    noise_fn: NoiseFn,
) -> Tensor:
    """The picture, or its latents, noised to ``timesteps[start]`` and sampled from there."""
    x0 = f(
        "editing.sdedit",
        eps_model=eps_model,
        image=world.encode(image),
        noise=noise,
        start=start,
        timesteps=timesteps,
        alphas_cumprod=world.schedule,
        noise_fn=noise_fn,
    )
    return world.decode(x0)


@demonstration("SDEdit of a photograph and of a scribble", "editing.sdedit")
def sdedit(f: Functions, world: Shipped) -> Shown:
    """CS180 1.7: the later the start, the closer to what went in."""
    shown = Shown()
    noise = world.noise(1, "sdedit")
    for name, image in (("photograph", world.photo), ("scribble", world.scribble)):
        edits = [
            edited(f, world, world.unconditional, image, noise, start, TIMESTEPS, world.noise_fn(f"{name} {start}"))
            for start in STARTS
        ]
        shown.show(f"{name}: starts {', '.join(map(str, STARTS))}, original", torch.cat([*edits, image]))
        errors = [float(F.mse_loss(edit, image)) for edit in edits]
        shown.lower(f"{name}: change from start 20", errors[-1], CHANGE)
        shown.higher(f"{name}: change from start 1", errors[0], CHANGE)
        strange = world.strangeness(torch.cat(edits[:3]))
        shown.lower(f"{name}: distance of edits to the nearest real picture", strange, STRANGENESS)
    return shown
