"""Scribble to image: the latent whose picture shows what is drawn, where something is drawn."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ...pictures.functions import Functions
from ...pictures.techniques import inversion, scribble
from ...sandbox.crossing.values import Seeded
from ..drawing import drawn
from ..made import Made, Tell
from ..search import found
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings:
    drawing: Path | None = None
    gan: str = "emoji faces"
    space: str = "w+"
    scribble_weight: float = 1.0
    perceptual_weight: float = 0.0
    delta_weight: float = 0.003
    optimizer: str = "lbfgs"
    steps: int = 200
    from_mean: bool = True
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    gan = worlds.gan(settings.gan)
    sketch, mask = drawn(settings.drawing, gan.size)
    start = inversion.start(
        f, gan.generator, settings.space, 1, from_mean=settings.from_mean, generator=Seeded(settings.seed)
    )
    colours = scribble.where_drawn(f, mask)
    rest = inversion.fit(
        f,
        gan.features,
        l1_weight=0.0,
        perceptual_weight=settings.perceptual_weight,
        delta_weight=settings.delta_weight,
        mask=mask,
    )

    def loss_fn(pred: Tensor, target: Tensor, delta: Tensor) -> Tensor:
        return settings.scribble_weight * colours(pred, target) + rest(pred, target, delta)

    made = found(
        f,
        gan.picture(settings.space),
        start,
        sketch,
        loss_fn,
        settings.steps,
        settings.optimizer,
        "the nearest that the generator makes",
        tell,
        begun,
    )
    _, picture = made.rows[0]
    made.show("what was drawn, as the network sees it", sketch)
    error = (picture - sketch)[mask.expand_as(sketch) > 0].abs().mean()
    made.lower("error where drawn", error, "the mean difference to the drawing, in [-1, 1], inside the mask")
    return made
