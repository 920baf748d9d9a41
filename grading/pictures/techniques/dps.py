"""Pictures from measurements: diffusion posterior sampling."""

import torch
import torch.nn.functional as F

from ..differentiable import Differentiable
from .demonstration import Shown, demonstration
from .functions import Functions
from .stage import PROMPTS, Stage


def _holes(x: torch.Tensor) -> torch.Tensor:
    """Inpainting: nine in ten pixels are missing."""
    keep = torch.rand(32, 32, generator=torch.Generator().manual_seed(0)) < 0.3
    return x * keep


def _coarse(x: torch.Tensor) -> torch.Tensor:
    """Super-resolution: means over 4 × 4 pixels."""
    return F.avg_pool2d(x, 4)


def _blurred(x: torch.Tensor) -> torch.Tensor:
    """Deblurring: a Gaussian of 2 pixels."""
    offsets = torch.arange(-6, 7, dtype=x.dtype)
    kernel = torch.softmax(-(offsets**2) / (2 * 2.0**2), dim=0)
    kernel = (kernel[:, None] * kernel).expand(3, 1, 13, 13)
    return F.conv2d(F.pad(x, (6, 6, 6, 6), mode="reflect"), kernel, groups=3)


@demonstration("DPS: inpainting, super-resolution, deblurring", "dps.sample_dps")
def dps(f: Functions, stage: Stage) -> Shown:
    """EECS part B: the network knows emoji, the measurement says which."""
    shown = Shown()
    x0 = stage.pictures(*PROMPTS[:4])

    def eps_model(x_t, t):
        return stage.eps(x_t, t, stage.null(len(x_t)))

    for name, operator in (("inpainting", _holes), ("super-resolution", _coarse), ("deblurring", _blurred)):
        measurement = operator(x0)
        shown.show(f"{name}: measurement", F.interpolate(measurement, size=32))
        for steps in (20, 50):
            restored = f(
                "dps.sample_dps",
                eps_model=Differentiable(eps_model),
                x_T=stage.noise(*x0.shape, name="x_T"),
                measurement=measurement,
                operator=Differentiable(operator),
                timesteps=list(range((steps - 1) * (1000 // steps), -1, -(1000 // steps))),
                alphas_cumprod=stage.schedule,
                scale=0.5,
                eta=1.0,
                noise_fn=stage.noise_fn(f"{name} {steps}"),
            )
            shown.show(f"{name}: {steps} steps", restored)
            shown.lower(
                f"{name}, {steps} steps: misfit of the measurement", F.mse_loss(operator(restored), measurement)
            )
            shown.lower(f"{name}, {steps} steps: distance to the truth", F.mse_loss(restored.clamp(-1, 1), x0))
    return shown
