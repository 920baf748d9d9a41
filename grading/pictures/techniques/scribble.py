"""Scribble to image: inversion in which only the drawn pixels count."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...sandbox.crossing.values import Seeded
from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import STRANGENESS, Shipped
from .inversion import searched, start

__all__ = ["fit_where_drawn", "where_drawn"]


def where_drawn(f: Functions, mask: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """The submission's loss where the mask is 1, a pixel."""

    def loss_fn(pred: Tensor, target: Tensor) -> Tensor:
        return f.loss("inversion.scribble_loss", "image", image=pred, sketch=target, mask=mask) / mask.sum()

    return loss_fn


def fit_where_drawn(f: Functions, mask: Tensor) -> Callable[..., Tensor]:
    """The same, and a little of how far the latent has gone."""
    fit = where_drawn(f, mask)

    def loss_fn(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        return fit(pred, target) + 0.001 * delta.square().sum(dim=(1, 2)).mean()

    return loss_fn


@demonstration("scribble to image", "latents.sample_w", "inversion.scribble_loss", "inversion.invert")
def scribble(f: Functions, world: Shipped) -> Shown:
    """CMU part 2: a face drawn with a mouse becomes the nearest face that the generator knows."""
    shown = Shown()
    sketch = world.scribble
    mask = (sketch.mean(dim=1, keepdim=True) < 0.95).float()
    latent = start(f, world.stylegan, "w", 1, from_mean=True, generator=Seeded(world.seed))
    _, image = searched(f, world.stylegan.synthesis, latent, sketch, fit_where_drawn(f, mask))
    shown.show("sketch, mask, image", torch.cat([sketch, 2 * mask.expand(-1, 3, -1, -1) - 1, image]))
    drawn = mask.expand_as(image).bool()
    error = (image - sketch)[drawn].abs().mean()
    shown.lower("error where something is drawn", error, "the mean difference to the drawing, inside the mask")
    shown.lower("distance to the nearest real picture", world.strangeness(image), STRANGENESS)
    return shown
