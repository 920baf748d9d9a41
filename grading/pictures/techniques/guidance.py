"""Pictures from noise: DDPM, DDIM, guidance, and denoising in one step and in many."""

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.guidance import guided_eps

from .demonstration import Shown, demonstration
from .functions import Functions
from .stage import PROMPTS, Stage

GUIDANCE = 3.0


def guided_network(stage: Stage, scale: float = GUIDANCE):
    """A conditional network that the reference guides, for techniques that are about something else."""

    @torch.no_grad()
    def model(x_t, t, cond):
        return guided_eps(stage.eps, x_t, t, cond, stage.null(len(x_t)), scale)

    return model


class Prompted(Protocol):
    """A network that listens to prompts: the stage's, or a pretrained one."""

    def embed(self, *prompts: str) -> Tensor: ...

    def null(self, count: int) -> Tensor: ...

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor: ...


def guided(f: Functions, stage: Prompted, prompts: Sequence[str], scale: float = GUIDANCE):
    """A network with prompts, guided by the submission's own formula."""
    cond, null = stage.embed(*prompts), stage.null(len(prompts))

    def model(x_t, t, cond):
        with torch.no_grad():
            return stage.eps(x_t, t, cond)

    return lambda x_t, t: f("guidance.guided_eps", model=model, x_t=x_t, t=t, cond=cond, null_cond=null, scale=scale)


@demonstration("DDPM sampling", "noising.strided_timesteps", "ddpm.sample_ddpm")
def ddpm(f: Functions, stage: Stage) -> Shown:
    """Prompted pictures from noise, without guidance."""
    shown = Shown()
    x0 = f(
        "ddpm.sample_ddpm",
        eps_model=stage.prompted(PROMPTS),
        x_T=stage.noise(8, 3, 32, 32, name="x_T"),
        timesteps=f.timesteps(1000, 100),
        alphas_cumprod=stage.schedule,
        noise_fn=stage.noise_fn("ddpm"),
        clip_x0=True,
    )
    shown.show("DDPM, 100 steps: " + ", ".join(PROMPTS), x0)
    shown.higher("likeness to the prompts' pictures", stage.likeness(x0, PROMPTS))
    shown.lower("distance to the nearest real picture", stage.strangeness(x0))
    return shown


@demonstration("DDIM in 5, 10, 25 and 50 steps", "noising.strided_timesteps", "ddim.sample_ddim")
def ddim(f: Functions, stage: Stage) -> Shown:
    """The same noise, more and more steps."""
    shown = Shown()
    model, cond = guided_network(stage, 2.0), stage.embed(*PROMPTS)
    for steps in (5, 10, 25, 50):
        x0 = f(
            "ddim.sample_ddim",
            eps_model=lambda x_t, t: model(x_t, t, cond),
            x_T=stage.noise(8, 3, 32, 32, name="x_T"),
            timesteps=f.timesteps(1000, steps),
            alphas_cumprod=stage.schedule,
        )
        shown.show(f"DDIM, {steps} steps, eta 0", x0)
        if steps >= 25:
            shown.higher(f"likeness to the prompts' pictures, {steps} steps", stage.likeness(x0, PROMPTS))
            shown.lower(f"distance to the nearest real picture, {steps} steps", stage.strangeness(x0))
    return shown


@demonstration("classifier-free guidance", "guidance.guided_eps", "ddpm.sample_ddpm")
def guidance(f: Functions, stage: Stage) -> Shown:
    """The stronger, the more typical."""
    shown = Shown()
    for scale in (0.0, 1.0, 3.0, 7.5):
        x0 = f(
            "ddpm.sample_ddpm",
            eps_model=guided(f, stage, PROMPTS, scale),
            x_T=stage.noise(8, 3, 32, 32, name="x_T"),
            timesteps=list(range(960, -1, -40)),
            alphas_cumprod=stage.schedule,
            noise_fn=stage.noise_fn("guidance"),
            clip_x0=True,
        )
        shown.show(f"scale {scale:g}" + (": no prompt" if scale == 0 else ""), x0)
        if scale:  # at 0 nobody hears the prompt
            shown.higher(f"likeness to the prompts' pictures, scale {scale:g}", stage.likeness(x0, PROMPTS))
    return shown


@demonstration(
    "one-step and iterative denoising against a blur",
    "noising.add_noise",
    "ddpm.predict_x0",
    "ddpm.sample_ddpm",
    "illusions.lowpass",
)
def denoising(f: Functions, stage: Stage) -> Shown:
    """CS180 1.2 to 1.4 at t = 250, 500, 750."""
    shown = Shown()
    x0 = stage.pictures(*PROMPTS)
    noise = stage.noise(*x0.shape, name="forward")
    model = stage.prompted(PROMPTS)
    for t in (250, 500, 750):
        x_t = f("noising.add_noise", x0=x0, noise=noise, t=t, alphas_cumprod=stage.schedule)
        blurred = f("illusions.lowpass", x=x_t, kernel_size=5, sigma=1.0)
        one_step = f("ddpm.predict_x0", x_t=x_t, eps=model(x_t, t), t=t, alphas_cumprod=stage.schedule)
        iterative = f(
            "ddpm.sample_ddpm",
            eps_model=model,
            x_T=x_t,
            timesteps=list(range(t, -1, -25)),
            alphas_cumprod=stage.schedule,
            noise_fn=stage.noise_fn(f"iterative {t}"),
        )
        for caption, picture in (
            (f"t = {t}: noisy", x_t),
            ("Gaussian blur", blurred),
            ("one step", one_step),
            ("iterative", iterative),
        ):
            shown.show(caption, picture)
        shown.lower(f"error of the blur at t = {t}", F.mse_loss(blurred, x0))
        shown.lower(f"error of one step at t = {t}", F.mse_loss(one_step.clamp(-1, 1), x0))
        shown.lower(f"error of iterative denoising at t = {t}", F.mse_loss(iterative.clamp(-1, 1), x0))
    return shown
