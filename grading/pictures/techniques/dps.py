"""Diffusion posterior sampling: a sampler that leans towards pictures which fit a measurement."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...sandbox.gradients import Differentiable
from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import PROMPTS, Shipped
from ..worlds.world import EpsModel, NoiseFn, World

__all__ = ["OPERATORS", "differentiable", "holes", "restored"]

MISFIT = "the mean squared difference between the measurement and what is measured of the result"
DISTANCE = "the mean squared difference to the picture that was measured"


def differentiable(world: World, prompts: Sequence[str]) -> EpsModel:
    """The network with these prompts, through which gradients flow to x_t; "" is no prompt."""
    cond = world.embed(*prompts)
    return lambda x_t, t: world.eps(x_t, t, cond)


def restored(
    f: Functions,
    world: World,
    eps_model: EpsModel,
    measurement: Tensor,
    operator: Callable[[Tensor], Tensor],
    x_T: Tensor,
    timesteps: Sequence[int],
    noise_fn: NoiseFn,
    scale: float = 0.5,
) -> Tensor:
    """x_0 of which ``operator`` gives the measurement; EECS's scale is 0.5."""
    return f(
        "dps.sample_dps",
        eps_model=Differentiable(eps_model),
        x_T=x_T,
        measurement=measurement,
        operator=Differentiable(operator),
        timesteps=timesteps,
        alphas_cumprod=world.schedule,
        scale=scale,
        eta=1.0,
        noise_fn=noise_fn,
    )


def holes(x: Tensor, kept: float = 0.3) -> Tensor:
    """Inpainting: this part of the pixels is known."""
    keep = torch.rand(x.shape[2:], generator=torch.Generator().manual_seed(0)) < kept
    return x * keep


def _coarse(x: Tensor) -> Tensor:
    """Super-resolution: means over 4 × 4 pixels."""
    return F.avg_pool2d(x, 4)


def _blurred(x: Tensor) -> Tensor:
    """Deblurring: a Gaussian of 2 pixels."""
    offsets = torch.arange(-6, 7, dtype=x.dtype)
    kernel = torch.softmax(-(offsets**2) / (2 * 2.0**2), dim=0)
    kernel = (kernel[:, None] * kernel).expand(3, 1, 13, 13)
    return F.conv2d(F.pad(x, (6, 6, 6, 6), mode="reflect"), kernel, groups=3)


#: What is measured of a picture.
OPERATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "inpainting": holes,
    "super-resolution": _coarse,
    "deblurring": _blurred,
}


@demonstration("DPS: inpainting, super-resolution, deblurring", "dps.sample_dps")
def dps(f: Functions, world: Shipped) -> Shown:
    """EECS part B: the network knows emoji, the measurement says which."""
    shown = Shown()
    x0, eps_model = world.pictures(*PROMPTS[:4]), differentiable(world, [""] * 4)
    for name, operator in OPERATORS.items():
        measurement = operator(x0)
        shown.show(f"{name}: measurement", F.interpolate(measurement, size=32))
        for steps in (20, 50):
            timesteps = list(range((steps - 1) * (1000 // steps), -1, -(1000 // steps)))
            x_T, noise_fn = world.noise(len(x0), "x_T"), world.noise_fn(f"{name} {steps}")
            found = restored(f, world, eps_model, measurement, operator, x_T, timesteps, noise_fn)
            shown.show(f"{name}: {steps} steps", found)
            misfit, distance = F.mse_loss(operator(found), measurement), F.mse_loss(found.clamp(-1, 1), x0)
            shown.lower(f"{name}, {steps} steps: misfit of the measurement", misfit, MISFIT)
            shown.lower(f"{name}, {steps} steps: distance to the truth", distance, DISTANCE)
    return shown
