r"""Training the diffusion models: CS180 project 5 part B on digits, and the prompt-conditioned one on emoji.

| math     | code            | value                  | meaning                                                    |
| -------- | --------------- | ---------------------- | ---------------------------------------------------------- |
| σ        | ``SIGMA``       | 0.5                    | noise that the one-step denoiser is trained on             |
| T        | ``DIGIT_STEPS`` | 300                    | timesteps of the digit models; the emoji model has 1000    |
| p_uncond | ``P_UNCOND``    | 0.1                    | share of samples whose condition is dropped                |
| γ        | ``SCALE``       | 5                      | guidance scale of the class-conditioned samples            |

Digits live in [0, 1], as in the handout; emoji in [-1, 1].
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import data
from ..data.draws import seeded
from ..data.grids import save_grid
from ..ddpm import sample_ddpm
from ..guidance import guided_eps
from ..networks.prompt_unet import PromptUNet
from ..networks.schedules import DIGIT_SCHEDULE, DIGIT_STEPS, EMOJI_SCHEDULE
from ..noising import add_noise, strided_timesteps
from ..unet import (
    ClassConditionalUNet,
    TimeConditionalUNet,
    UnconditionalUNet,
    class_ddpm_loss,
    ddpm_loss,
    denoiser_loss,
)
from .loop import Options, Training

__all__ = [
    "class_unet",
    "one_step_unet",
    "prompt_unet",
    "sample_digits",
    "sample_digits_of",
    "sample_prompts",
    "time_unet",
]

SIGMA = 0.5
SIGMAS = (0.0, 0.2, 0.4, SIGMA, 0.6, 0.8, 1.0)  # that the denoiser is tested on
P_UNCOND = 0.1
SCALE = 5.0
PROMPT_SCALE = 3.0  # of the emoji model
PREVIEW = 60  # of the T timesteps, for the pictures during training
SHOWN_PROMPTS = ("grinning face", "cat face", "red apple", "red heart", "dog face", "automobile", "hibiscus", "rocket")


def one_step_unet(options: Options) -> tuple[Training, dict]:
    """CS180 part B 1.2: one network call from z = x_0 + σ ε to x_0."""
    images = data.load(options.data, full=options.full).floats().to(options.device)
    arguments = {"in_channels": 1, "num_hiddens": 64}

    def loss(model: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        x0 = images[indices]
        return denoiser_loss(in_float(model), x0, _noise_like(x0, generator), SIGMA)

    def show(model: nn.Module, path: Path) -> None:
        """Clean, noisy and denoised test digits for σ from 0 to 1, a row each."""
        x0 = data.load(options.data, "test").floats()[::100].to(options.device)
        noise = _noise_like(x0, seeded(options.device, options.seed, "show"))
        rows = [x0]
        for sigma in SIGMAS:
            rows += [x0 + sigma * noise, model(x0 + sigma * noise)]
        save_grid(torch.cat(rows), path, len(x0))

    return Training(UnconditionalUNet(**arguments), len(images), loss, show, options), arguments


def time_unet(options: Options) -> tuple[Training, dict]:
    """CS180 part B 2.2: the noise from x_t and t."""
    images = data.load(options.data, full=options.full).floats().to(options.device)
    arguments = {"in_channels": 1, "num_hiddens": 48}
    schedule = DIGIT_SCHEDULE.to(options.device)

    def loss(model: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        x0 = images[indices]
        return ddpm_loss(
            in_float(model), x0, _noise_like(x0, generator), _timesteps(x0, len(schedule), generator), schedule
        )

    def show(model: nn.Module, path: Path) -> None:
        save_grid(sample_digits(model, 40, seeded(options.device, options.seed, "show"), PREVIEW), path, 10)

    return Training(TimeConditionalUNet(**arguments), len(images), loss, show, options), arguments


def class_unet(options: Options) -> tuple[Training, dict]:
    """CS180 part B 2.4: the noise from x_t, t and the class, which is dropped for one sample in ten."""
    pictures = data.load(options.data, full=options.full)
    images, labels = pictures.floats().to(options.device), pictures.labels.to(options.device)
    arguments = {"in_channels": 1, "num_classes": len(pictures.classes), "num_hiddens": 64}
    schedule = DIGIT_SCHEDULE.to(options.device)

    def loss(model: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        x0 = images[indices]
        t = _timesteps(x0, len(schedule), generator)
        keep = (torch.rand(len(x0), generator=generator, device=x0.device) >= P_UNCOND).float()
        return class_ddpm_loss(in_float(model), x0, labels[indices], _noise_like(x0, generator), t, schedule, keep)

    def show(model: nn.Module, path: Path) -> None:
        """A column for each class."""
        shown = torch.arange(len(pictures.classes), device=options.device).repeat(4)
        save_grid(sample_digits_of(model, shown, seeded(options.device, options.seed, "show"), steps=PREVIEW), path, 10)

    return Training(ClassConditionalUNet(**arguments), len(images), loss, show, options), arguments


def prompt_unet(options: Options) -> tuple[Training, dict]:
    """The noise from x_t, t and a prompt, which is empty for one sample in ten."""
    pictures = data.load(options.data, size=32, full=options.full)
    words = sorted({word for prompt in pictures.prompts for word in prompt.split()})
    model = PromptUNet(words)
    images = pictures.floats(-1, 1).to(options.device)
    rows = model.rows(pictures.prompts).to(options.device)
    schedule = EMOJI_SCHEDULE.to(options.device)

    def loss(model: Any, indices: Tensor, generator: torch.Generator) -> Tensor:
        x0 = images[indices]
        noise, t = _noise_like(x0, generator), _timesteps(x0, len(schedule), generator)
        keep = torch.rand((len(x0), 1), generator=generator, device=x0.device) >= P_UNCOND
        cond = model.table(rows[indices] * keep).flatten(1)
        x_t = add_noise(x0, noise, t, schedule).contiguous(memory_format=torch.channels_last)
        return F.mse_loss(in_float(model)(x_t, t, cond), noise)

    def show(model: nn.Module, path: Path) -> None:
        """A column for each prompt; the last row follows the null prompt."""
        prompts = [prompt for prompt in SHOWN_PROMPTS if prompt in pictures.prompts]
        shown = prompts * 3 + [""] * len(prompts)
        save_grid(sample_prompts(model, shown, seeded(options.device, options.seed, "show")), path, len(prompts))

    return Training(model, len(images), loss, show, options), {"words": words}


@torch.no_grad()
def sample_digits(model: nn.Module, count: int, generator: torch.Generator, steps: int = DIGIT_STEPS) -> Tensor:
    """(count, 1, 28, 28) digits of the time-conditioned network, by DDPM."""
    schedule = DIGIT_SCHEDULE.to(generator.device)

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        return in_float(model)(x_t, torch.full((len(x_t),), t / len(schedule), device=x_t.device))

    return _ddpm(eps_model, (count, 1, 28, 28), schedule, steps, generator)


@torch.no_grad()
def sample_digits_of(
    model: nn.Module, labels: Tensor, generator: torch.Generator, scale: float = SCALE, steps: int = DIGIT_STEPS
) -> Tensor:
    """One digit for each label, by DDPM with classifier-free guidance; the null class is a dropped one."""
    schedule = DIGIT_SCHEDULE.to(generator.device)

    keep = torch.ones((len(labels), 1), device=generator.device)  # the condition: 0 drops the class

    def class_model(x_t: Tensor, t: int, keep: Tensor) -> Tensor:
        return in_float(model)(x_t, labels, torch.full_like(keep[:, 0], t / len(schedule)), keep[:, 0])

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        return guided_eps(class_model, x_t, t, keep, torch.zeros_like(keep), scale)

    return _ddpm(eps_model, (len(labels), 1, 28, 28), schedule, steps, generator)


@torch.no_grad()
def sample_prompts(
    model: Any, prompts: list[str], generator: torch.Generator, scale: float = PROMPT_SCALE, steps: int = 50
) -> Tensor:
    """One picture for each prompt, by DDPM with classifier-free guidance and the estimate of x_0 kept in [-1, 1]."""
    schedule = EMOJI_SCHEDULE.to(generator.device)
    cond, null = model.embed(prompts), model.embed([""] * len(prompts))

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        return guided_eps(in_float(model), x_t, t, cond, null, scale)

    return _ddpm(eps_model, (len(prompts), 3, 32, 32), schedule, steps, generator, clip_x0=True)


def _ddpm(eps_model, shape: tuple, schedule: Tensor, steps: int, generator: torch.Generator, clip_x0=False) -> Tensor:
    x_T = torch.randn(shape, generator=generator, device=generator.device)
    timesteps = strided_timesteps(len(schedule), steps)
    return sample_ddpm(eps_model, x_T, timesteps, schedule, lambda x: _noise_like(x, generator), clip_x0)


def in_float(model: nn.Module) -> Callable[..., Tensor]:
    """The model as the formulas take it: under autocast a network answers in bfloat16."""
    return lambda *inputs: model(*inputs).float()


def _noise_like(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator, device=x.device)


def _timesteps(x: Tensor, count: int, generator: torch.Generator) -> Tensor:
    return torch.randint(0, count, (len(x),), generator=generator, device=x.device)
