"""Interpolation: the way between two latents, as an animation."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import Shipped
from ..worlds.world import Generator
from .inversion import SLACK, fit, searched

__all__ = ["between"]


@torch.no_grad()
def between(f: Functions, generator: Generator, first: Tensor, last: Tensor, frames: int) -> Tensor:
    """The pictures of latents that lead from the first to the last."""
    return generator.synthesis(f("latents.interpolate", latent_a=first, latent_b=last, num_frames=frames))


@demonstration("interpolation in 31 frames", "latents.interpolate", "inversion.inversion_loss", "inversion.invert")
def interpolation(f: Functions, world: Shipped) -> Shown:
    """CMU's bells: between two inverted faces, started from the encoder's guess."""
    shown = Shown()
    target = world.pictures("grinning face", "slightly frowning face")
    latent, _ = searched(f, world.stylegan.synthesis, world.guess(target), target, fit(f, world.maps), steps=30)
    frames = between(f, world.stylegan, latent[0], latent[1], 31)
    shown.frames = frames
    shown.show("every fifth of 31 frames", frames[::5])
    ends = F.mse_loss(frames[[0, -1]], target)
    shown.lower(
        "error at both ends", ends, "the mean squared difference of first and last frame to the two faces", SLACK
    )
    jumps = (frames[1:] - frames[:-1]).square().mean(dim=(1, 2, 3))
    largest = jumps.max() / F.mse_loss(frames[0], frames[-1])
    says = "how even the way is: the largest squared change from frame to frame, over that from end to end"
    shown.lower("largest step between frames, of the whole way", largest, says)
    return shown
