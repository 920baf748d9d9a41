"""GAN inversion: the latent of which the generator makes a given picture, found by an optimiser."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...sandbox.crossing.values import Seeded
from ...sandbox.gradients import Differentiable
from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import Shipped
from ..worlds.world import Generator

__all__ = ["SLACK", "TO_THE_TARGET", "fit", "searched", "start"]

TARGETS = ("grinning face", "neutral face", "smiling face with sunglasses", "slightly frowning face")
TO_THE_TARGET = "the mean squared difference to the pictures that are looked for"
STEPS = 60
SLACK = 2.0  # step sizes and stopping rule are free


def start(f: Functions, gan: Generator, space: str, count: int, **settings: Any) -> Tensor:
    """Where a search in z, w or w+ begins: from the mean or at random, as the submission draws it."""
    settings |= {"batch_size": count, "z_dim": gan.z_dim}
    if space == "z":
        return f("latents.sample_z", **settings)
    settings["mapping"] = torch.no_grad()(gan.mapping)
    if space == "w":
        return f("latents.sample_w", **settings)
    return f("latents.sample_w_plus", num_ws=gan.num_ws, **settings)


def searched(
    f: Functions,
    generator_fn: Callable[[Tensor], Tensor],
    latent: Tensor,
    target: Tensor,
    loss_fn: Callable[[Tensor, Tensor, Tensor], Tensor],
    steps: int = STEPS,
    optimizer: str = "lbfgs",
) -> list[Tensor]:
    """The latent that the submission finds, and its picture."""
    return f.several(
        "inversion.invert",
        generator_fn=Differentiable(generator_fn),
        target=target,
        latent=latent,
        loss_fn=Differentiable(loss_fn),
        num_steps=steps,
        optimizer=optimizer,
    )


def fit(f: Functions, features_fn: Callable[[Tensor], list[Tensor]], **settings: Any) -> Callable[..., Tensor]:
    """The submission's loss: of pixels, of features, and of how far the latent has gone."""

    def loss_fn(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        given = {"pred": pred, "target": target, "delta": delta, "features_fn": Differentiable(features_fn)}
        return f.loss("inversion.inversion_loss", "pred", "delta", **given, **settings)

    return loss_fn


@demonstration(
    "GAN inversion in z, w and w+",
    "latents.sample_z",
    "latents.sample_w",
    "latents.sample_w_plus",
    "inversion.inversion_loss",
    "inversion.invert",
)
def spaces(f: Functions, world: Shipped) -> Shown:
    """CMU part 1: both generators, three latent spaces, from the mean and from a random start."""
    shown = Shown()
    target = world.pictures(*TARGETS)
    shown.show("targets: " + ", ".join(TARGETS), target)
    style = world.stylegan
    for name, generator, space, generator_fn in (
        ("vanilla z", world.dcgan, "z", world.vanilla),
        ("z", style, "z", lambda z: style.synthesis(style.mapping(z)[:, None])),
        ("w", style, "w", style.synthesis),
        ("w+", style, "w+", style.synthesis),
    ):
        for from_mean in (True, False):
            latent = start(f, generator, space, len(TARGETS), from_mean=from_mean, generator=Seeded(world.seed))
            _, image = searched(f, generator_fn, latent, target, fit(f, world.maps))
            caption = f"{name} from {'the mean' if from_mean else 'a random start'}"
            shown.show(caption, image)
            shown.lower(f"{caption}: error", F.mse_loss(image, target), TO_THE_TARGET, SLACK)
    return shown


@demonstration(
    "inversion: weights and optimisers", "latents.sample_w_plus", "inversion.inversion_loss", "inversion.invert"
)
def weights(f: Functions, world: Shipped) -> Shown:
    """CMU part 1's sweeps: the perceptual weight, the weight of delta, L-BFGS against Adam."""
    shown = Shown()
    target = world.pictures(*TARGETS)
    latent = start(f, world.stylegan, "w+", len(TARGETS), from_mean=True, generator=Seeded(world.seed))
    search = partial(searched, f, world.stylegan.synthesis, latent, target, steps=30)
    for weight in (0.0, 0.01, 0.1, 1.0):
        _, image = search(loss_fn=fit(f, world.maps, perceptual_weight=weight))
        shown.show(f"perceptual weight {weight:g}", image)
        shown.lower(f"perceptual weight {weight:g}: error", F.mse_loss(image, target), TO_THE_TARGET, SLACK)
    for weight in (0.001, 0.01, 0.1):
        found, image = search(loss_fn=fit(f, world.maps, delta_weight=weight))
        shown.show(f"weight of delta {weight:g}", image)
        length = (found - latent).flatten(1).norm(dim=1).mean()
        shown.lower(f"weight of delta {weight:g}: length of delta", length, "how far the latent has gone", SLACK)
    _, image = search(loss_fn=fit(f, world.maps), optimizer="adam")
    shown.show("Adam", image)
    shown.lower("Adam: error", F.mse_loss(image, target), TO_THE_TARGET, SLACK)
    return shown
