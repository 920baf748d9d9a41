"""Inversion of one picture, the walk between two, the triangle of three."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ...pictures.functions import Functions
from ...pictures.techniques import inversion
from ...sandbox.crossing.values import Seeded
from ...verdicts import Unusable
from ..made import Made, Tell
from ..own import Own
from ..search import found
from ..worlds import Gan, Worlds

__all__ = ["STARTS", "Settings", "make"]

FRAMES = 31  # CMU's
EDGE = 5  # pictures along each side of a triangle
STARTS = ("mean", "random", "encoder")


@dataclass(frozen=True)
class Settings:
    gan: str = "emoji faces"
    first: str = "grinning face"
    second: str = "slightly frowning face"  # none where it is empty
    third: str = ""
    picture: Path | None = None  # of one's own, in the place of the first
    space: str = "w+"
    start: str = "mean"
    optimizer: str = "lbfgs"
    l1_weight: float = 10.0
    perceptual_weight: float = 0.01
    delta_weight: float = 0.0
    steps: int = 60
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    gan = worlds.gan(settings.gan)
    targets = torch.cat(
        [
            Own(settings.picture).pixels(gan.size) if settings.picture else gan.example(settings.first),
            *(gan.example(name) for name in (settings.second, settings.third) if name),
        ]
    )
    loss_fn = inversion.fit(
        f,
        gan.features,
        l1_weight=settings.l1_weight,
        perceptual_weight=settings.perceptual_weight,
        delta_weight=settings.delta_weight,
    )
    picture_of = gan.picture(settings.space)
    made = found(
        f,
        picture_of,
        _start(settings, f, gan, targets),
        targets,
        loss_fn,
        settings.steps,
        settings.optimizer,
        "found",
        tell,
        begun,
    )
    _, pictures = made.rows[0]
    latents = made.again.latent
    made.show("looked for", targets)
    made.lower("error", F.mse_loss(pictures, targets), inversion.TO_THE_TARGET)
    way = (latents - made.again.start).flatten(1).norm(dim=1).mean()
    made.lower("way gone, |δ|", way, "how far the latents have gone from the start, on average")
    if len(latents) > 1:
        made.frames = _between(f, picture_of, latents[0], latents[1], FRAMES)
        made.stages = [[(f"frame {i + 1} of {FRAMES}", frame[None])] for i, frame in enumerate(made.frames)]
    if len(latents) > 2:
        for row, pictures in enumerate(_triangle(f, picture_of, latents)):
            made.show(f"triangle, row {row + 1}", pictures)
    return made


def _start(settings: Settings, f: Functions, gan: Gan, targets: Tensor) -> Tensor:
    if settings.start == "encoder":
        if settings.space != "w+" or gan.guess is None:
            raise Unusable("start: the encoder guesses w+ of a StyleGAN; choose the space w+")
        return gan.guess(targets)
    if settings.start not in STARTS:
        raise Unusable(f"start: expected one of {', '.join(STARTS)}, got {settings.start!r}")
    if settings.space not in gan.spaces:
        raise Unusable(f"space: this generator has {', '.join(gan.spaces)}")
    from_mean, generator = settings.start == "mean", Seeded(settings.seed)
    return inversion.start(f, gan.generator, settings.space, len(targets), from_mean=from_mean, generator=generator)


@torch.no_grad()
def _between(f: Functions, picture_of, first: Tensor, last: Tensor, frames: int) -> Tensor:
    return picture_of(f("latents.interpolate", latent_a=first, latent_b=last, num_frames=frames))


def _triangle(f: Functions, picture_of, latents: Tensor) -> list[Tensor]:
    """From one corner's picture, row by row, to the side between the two others."""
    a, b, c = latents[:3]
    left = f("latents.interpolate", latent_a=a, latent_b=b, num_frames=EDGE)
    right = f("latents.interpolate", latent_a=a, latent_b=c, num_frames=EDGE)
    with torch.no_grad():
        corner = picture_of(left[:1])
    return [corner, *(_between(f, picture_of, left[i], right[i], i + 1) for i in range(1, EDGE))]
