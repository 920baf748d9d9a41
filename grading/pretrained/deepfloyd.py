"""DeepFloyd IF, the pixel diffusion model of CS180 part A: stage 1 at 64 × 64, stage 2 to 256 × 256.

Both UNets answer with six channels: the noise, and the variance of the step back, which the courses' formulas do not
use (the contract's variance is β̃).
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.data.draws import seeded
from reference.noising import add_noise

from ..smoke.functions import Functions
from ..smoke.sampling import guided
from .conventions import load_pipeline, schedule

__all__ = ["Enlarger", "Pixels", "sampled"]

_LEFT_OUT = {"safety_checker": None, "watermarker": None, "feature_extractor": None}


class Pixels:
    """Stage 1, from a folder in diffusers' format."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        pipeline = load_pipeline(folder, device, **_LEFT_OUT)
        self.device, self.dtype = device, pipeline.dtype
        self.pipeline, self.unet = pipeline, pipeline.unet
        self.schedule = schedule(pipeline.scheduler.config)
        size = self.unet.config.sample_size
        self.shape = (self.unet.config.in_channels, size, size)

    @torch.no_grad()
    def embed(self, *prompts: str) -> Tensor:
        """(B, D) embedded prompts: T5's vector for each token, end to end."""
        embedded, _ = self.pipeline.encode_prompt(list(prompts), do_classifier_free_guidance=False, device=self.device)
        self.words = embedded.shape[1]
        return embedded.flatten(1).float().cpu()

    def null(self, count: int) -> Tensor:
        """The empty prompt, so many times."""
        return self.embed(*[""] * count)

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The predicted noise: the first half of the channels."""
        words = cond.unflatten(1, (self.words, -1)).to(self.device, self.dtype)
        answer = self.unet(x_t.to(self.device, self.dtype), t, words).sample
        return answer[:, : x_t.shape[1]].float().cpu()


class Enlarger:
    """Stage 2: a diffusion model that is shown the small picture, noised to ``level``, beside x_t."""

    def __init__(self, folder: Path, stage_1: Pixels, small: Tensor, level: int = 250, seed: int = 0) -> None:
        pipeline = load_pipeline(folder, stage_1.device, text_encoder=None, tokenizer=None, **_LEFT_OUT)
        self.stage_1, self.level, self.unet = stage_1, level, pipeline.unet
        self.schedule = schedule(pipeline.scheduler.config)
        size = self.unet.config.sample_size
        self.shape = (self.unet.config.in_channels // 2, size, size)
        large = F.interpolate(small, (size, size), mode="bilinear", align_corners=True)
        noise = torch.randn(large.shape, generator=seeded("cpu", seed, "stage 2"))
        self.shown = add_noise(large, noise, level, schedule(pipeline.image_noising_scheduler.config))
        self.embed, self.null = stage_1.embed, stage_1.null

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The predicted noise of the large picture."""
        device, dtype = self.stage_1.device, self.stage_1.dtype
        words = cond.unflatten(1, (self.stage_1.words, -1)).to(device, dtype)
        shown = self.shown.repeat(len(x_t) // len(self.shown), 1, 1, 1)  # twice in a doubled batch
        both = torch.cat([x_t, shown], dim=1).to(device, dtype)
        levels = torch.full((len(x_t),), self.level, device=device)
        answer = self.unet(both, t, words, class_labels=levels).sample
        return answer[:, : x_t.shape[1]].float().cpu()


def sampled(
    f: Functions, model: Pixels | Enlarger, prompts: list[str], scale: float = 7.0, steps: int = 50, seed: int = 0
) -> Tensor:
    """A picture for each prompt, by the submission's guidance and DDPM."""
    random = seeded("cpu", seed, "sampled")
    return f(
        "ddpm.sample_ddpm",
        eps_model=guided(f, model, prompts, scale),
        x_T=torch.randn(len(prompts), *model.shape, generator=random),
        timesteps=f.timesteps(len(model.schedule), steps),
        alphas_cumprod=model.schedule,
        noise_fn=lambda x: torch.randn(x.shape, generator=random),
        clip_x0=True,
    )
