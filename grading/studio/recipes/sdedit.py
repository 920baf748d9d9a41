"""SDEdit of a drawing: noised to a timestep, and sampled from there towards a prompt."""

from dataclasses import dataclass
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from ...pictures.functions import Functions
from ...pictures.techniques import guidance, sdedit
from ...verdicts import Unusable
from ..made import Made, Row, Tell
from ..picture import drawn
from ..seen import seen
from ..worlds import Worlds

__all__ = ["Settings", "make"]


@dataclass(frozen=True)
class Settings:
    drawing: Path | None = None
    world: str = "emoji"
    prompt: str = "cat face"
    steps: int = 25  # N, of the whole way from noise
    start: int = 8  # the index of the timestep to which it is noised: the later, the closer to what is drawn
    guidance: float = 3.0
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    if not 0 <= settings.start < settings.steps:
        raise Unusable(f"start: expected an index from 0 to {settings.steps - 1}, got {settings.start}")
    world = worlds.world(settings.world, settings.seed)
    sketch, _ = drawn(settings.drawing, worlds.size(world))
    timesteps, stages = f.timesteps(len(world.schedule), settings.steps), list[list[Row]]()

    def see(x_t: Tensor, x0: Tensor, t: int) -> None:
        stages.append([(f"x_t at t = {t}", world.decode(x_t)), ("x̂₀ seen in it", world.decode(x0))])
        tell(min(len(stages) / (settings.steps - settings.start), 0.99), Made(rows=stages[-1]))

    model = seen(guidance.guided(f, world, [settings.prompt], settings.guidance), world, see)
    noises = world.noise(1, "sdedit"), world.noise_fn("sdedit")
    made = Made()
    made.show(settings.prompt, sdedit.edited(f, world, model, sketch, noises[0], settings.start, timesteps, noises[1]))
    made.show("what was drawn", sketch)
    change = F.mse_loss(made.rows[0][1], sketch)
    made.lower("change", change, sdedit.CHANGE)
    made.stages = [*stages, made.rows]
    return made
