"""An unconditional DDPM of faces, EECS 498 part B's: it hears no prompts, so that a condition is a vector of length 0."""

import torch
from torch import Tensor

from ..weights import Weight
from .conventions import Pipeline, predicted_eps

__all__ = ["WEIGHTS", "Faces"]

WEIGHTS = (
    Weight(
        "faces",
        "unconditional DDPM of faces, 256 × 256: DDPM, DDIM, DPS",
        "google/ddpm-celebahq-256",
        0.5,
        "Apache 2.0",
        "FACES",
        ("",),
    ),
)


class Faces(Pipeline):
    """A UNet2DModel."""

    def embed(self, *prompts: str) -> Tensor:
        return torch.zeros(len(prompts), 0)

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        prediction = self.unet(self.there(x_t), t).sample.float().cpu()
        return predicted_eps(prediction, x_t, t, self.schedule, self.kind)
