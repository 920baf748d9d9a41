"""Score distillation: SDS and VSD from the same grey, step by step."""

import copy
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...pictures.functions import Functions
from ...pictures.techniques import sds, vsd
from ...pictures.worlds.world import World
from ...verdicts import Unusable
from ..made import Made, Row, Tell
from ..worlds import Worlds

__all__ = ["Settings", "make"]

LIMIT = 1.2  # of a pixel's absolute value: beyond -1 and 1 there is nothing to see
STAGES = 40  # that the slider has


@dataclass(frozen=True)
class Settings:
    world: str = "emoji"
    prompt: str = "red heart"
    sds_guidance: float = 7.5
    vsd_guidance: float = 7.5
    steps: int = 120
    learning_rate: float = 0.06
    lora_learning_rate: float = 0.001
    pictures: int = 1
    seed: int = 0


def make(settings: Settings, f: Functions, worlds: Worlds, tell: Tell, begun: Made | None = None) -> Made:
    """Both after each step."""
    if settings.steps < 1:
        raise Unusable(f"steps: expected at least 1, got {settings.steps}")
    world = worlds.world(settings.world, settings.seed)
    made, rows = Made(), list[Row]()
    with ExitStack() as stack:
        for step, both in enumerate(zip(*_searches(settings, f, world, stack)), 1):
            names = f"SDS, guidance {settings.sds_guidance:g}", f"VSD, guidance {settings.vsd_guidance:g}"
            rows = [(f"{name}: step {step}", world.decode(x).clamp(-1, 1)) for name, x in zip(names, both)]
            if step % max(1, settings.steps // STAGES) == 0:
                made.stages.append(rows)
            tell(step / (settings.steps + 1), Made(rows=rows, stages=[*made.stages]))
    made.rows = rows
    return made


def _searches(settings: Settings, f: Functions, world: World, stack: ExitStack) -> tuple[Iterator[Tensor], ...]:
    """SDS's pictures, and VSD's."""
    prompts = [settings.prompt] * settings.pictures
    start = 0.1 * world.noise(settings.pictures, "start")
    ends = [
        int(980 - 500 * step / settings.steps) for step in range(settings.steps)
    ]  # from coarse to fine: large t first
    adam = partial(torch.optim.Adam, lr=settings.learning_rate, betas=(0.9, 0.99))
    limit = LIMIT if world.in_pixels else torch.inf
    learning: Any = copy.deepcopy(world)  # a LoRA changes the network, which others use meanwhile
    unet = learning.unet  # type: ignore[attr-defined]  # every world that hears prompts has one
    lora = stack.enter_context(vsd.LoRA(unet, learning.eps, settings.lora_learning_rate))
    residuals = {
        "sds": sds.sds_residual(f, world, prompts, settings.sds_guidance),
        "vsd": vsd.vsd_residual(f, learning, prompts, settings.vsd_guidance, lora),
    }
    return tuple(
        sds.distilled(f, world, name, residual, start, ends, adam, limit) for name, residual in residuals.items()
    )
