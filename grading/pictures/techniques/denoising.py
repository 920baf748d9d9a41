"""Denoising: what the network makes of a noised picture in one step and in many, and a blur beside it."""

import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import PROMPTS, Shipped
from ..worlds.world import EpsModel, World
from .ddpm import sampled

__all__ = ["noised", "one_step"]

TO_THE_CLEAN = "the mean squared difference to the pictures before noise was added"


def noised(f: Functions, world: World, x0: Tensor, noise: Tensor, t: int) -> Tensor:
    """x_t of x_0."""
    return f("noising.add_noise", x0=x0, noise=noise, t=t, alphas_cumprod=world.schedule)


def one_step(f: Functions, world: World, eps_model: EpsModel, x_t: Tensor, t: int) -> Tensor:
    """The network's estimate of x_0."""
    return f("ddpm.predict_x0", x_t=x_t, eps=eps_model(x_t, t), t=t, alphas_cumprod=world.schedule)


@demonstration(
    "one-step and iterative denoising against a blur",
    "noising.add_noise",
    "ddpm.predict_x0",
    "ddpm.sample_ddpm",
    "illusions.lowpass",
)
def denoising(f: Functions, world: Shipped) -> Shown:
    """CS180 1.2 to 1.4 at t = 250, 500, 750."""
    shown = Shown()
    x0, model = world.pictures(*PROMPTS), world.prompted(PROMPTS)
    for t in (250, 500, 750):
        x_t = noised(f, world, x0, world.noise(len(x0), "forward"), t)
        blurred = f("illusions.lowpass", x=x_t, kernel_size=5, sigma=1.0)
        estimate = one_step(f, world, model, x_t, t)
        noise_fn = world.noise_fn(f"iterative {t}")
        iterative = sampled(f, world, model, x_t, list(range(t, -1, -25)), noise_fn, clip_x0=False)
        shown.show(f"t = {t}: noisy", x_t)
        shown.show("Gaussian blur", blurred)
        shown.show("one step", estimate)
        shown.show("iterative", iterative)
        shown.lower(f"error of the blur at t = {t}", F.mse_loss(blurred, x0), TO_THE_CLEAN)
        shown.lower(f"error of one step at t = {t}", F.mse_loss(estimate.clamp(-1, 1), x0), TO_THE_CLEAN)
        shown.lower(f"error of iterative denoising at t = {t}", F.mse_loss(iterative.clamp(-1, 1), x0), TO_THE_CLEAN)
    return shown
