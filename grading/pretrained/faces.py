"""An unconditional DDPM of faces, as EECS 498 part B runs it: DDPM, DDIM, and DPS for inpainting."""

from pathlib import Path

import torch
from torch import Tensor

from reference.data.draws import seeded

from ..sandbox.gradients import Differentiable
from ..smoke.functions import Functions
from .conventions import load_pipeline, predicted_eps, schedule

__all__ = ["Faces", "by_ddim", "by_ddpm", "observed", "restored"]

HOLES = 0.9  # the part of the pixels that DPS does not see


class Faces:
    """A UNet2DModel from a folder in diffusers' format."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        pipeline = load_pipeline(folder, device)
        self.device, self.dtype, self.unet = device, pipeline.dtype, pipeline.unet
        self.schedule = schedule(pipeline.scheduler.config)
        self.kind = pipeline.scheduler.config.prediction_type
        size = self.unet.config.sample_size
        self.shape = (self.unet.config.in_channels, size, size)

    def eps(self, x_t: Tensor, t: int) -> Tensor:
        """The predicted noise; differentiable in x_t."""
        prediction = self.unet(x_t.to(self.device, self.dtype), t).sample.float().cpu()
        return predicted_eps(prediction, x_t, t, self.schedule, self.kind)

    def noise(self, count: int, seed: int) -> Tensor:
        """x_T of so many pictures."""
        return torch.randn(count, *self.shape, generator=seeded("cpu", seed, "x_T"))


def by_ddim(f: Functions, faces: Faces, count: int, steps: int = 50, seed: int = 0) -> Tensor:
    """Pictures by the submission's DDIM; EECS takes 50 steps."""
    return f(
        "ddim.sample_ddim",
        eps_model=torch.no_grad()(faces.eps),
        x_T=faces.noise(count, seed),
        timesteps=f.timesteps(len(faces.schedule), steps),
        alphas_cumprod=faces.schedule,
        clip_x0=True,
    )


def by_ddpm(f: Functions, faces: Faces, count: int, steps: int = 1000, seed: int = 0) -> Tensor:
    """Pictures by the submission's DDPM; EECS takes all 1000 steps."""
    return f(
        "ddpm.sample_ddpm",
        eps_model=torch.no_grad()(faces.eps),
        x_T=faces.noise(count, seed),
        timesteps=f.timesteps(len(faces.schedule), steps),
        alphas_cumprod=faces.schedule,
        noise_fn=_noise_fn(seed, "ddpm"),
        clip_x0=True,
    )


def observed(x: Tensor) -> Tensor:
    """What DPS is told of a picture: one pixel in ten."""
    keep = torch.rand(x.shape[2:], generator=seeded("cpu", "holes")) >= HOLES
    return x * keep.to(x)


def restored(
    f: Functions, faces: Faces, measurement: Tensor, steps: int = 100, scale: float = 0.5, seed: int = 0
) -> Tensor:
    """Pictures that fit a measurement, by the submission's DPS; EECS's scale is 0.5."""
    return f(
        "dps.sample_dps",
        eps_model=Differentiable(faces.eps),
        x_T=faces.noise(len(measurement), seed),
        measurement=measurement,
        operator=Differentiable(observed),
        timesteps=f.timesteps(len(faces.schedule), steps),
        alphas_cumprod=faces.schedule,
        scale=scale,
        eta=1.0,
        noise_fn=_noise_fn(seed, "dps"),
    )


def _noise_fn(seed: int, name: str):
    random = seeded("cpu", seed, name)
    return lambda x: torch.randn(x.shape, generator=random)
