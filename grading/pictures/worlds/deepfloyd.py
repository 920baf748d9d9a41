"""DeepFloyd IF, the pixel diffusion model of CS180 part A: stage 1 at 64 × 64, stage 2 to 256 × 256.

Both UNets answer with six channels: the noise, and the variance of the step back, which the courses' formulas do not
use (the contract's variance is β̃).
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.noising import add_noise

from ..weights import Weight
from .conventions import Pipeline, schedule

__all__ = ["WEIGHTS", "Enlarger", "Pixels"]

WEIGHTS = (
    Weight(
        "deepfloyd",
        "DeepFloyd IF stage 1 with its text encoder, 64 × 64: CS180 part A",
        "DeepFloyd/IF-I-XL-v1.0",
        18.0,
        "DeepFloyd IF License Agreement",
        "IF_STAGE_1",
        ("scheduler", "text_encoder", "tokenizer", "unet"),
        gated=True,
    ),
    Weight(
        "deepfloyd-2",
        "DeepFloyd IF stage 2, to 256 × 256; the text encoder is stage 1's",
        "DeepFloyd/IF-II-L-v1.0",
        2.5,
        "DeepFloyd IF License Agreement",
        "IF_STAGE_2",
        ("image_noising_scheduler", "scheduler", "unet"),
        gated=True,
    ),
)

_LEFT_OUT = {"safety_checker": None, "watermarker": None, "feature_extractor": None}


class Pixels(Pipeline):
    """Stage 1."""

    def __init__(self, folder: Path, device: str = "cpu", seed: int = 0) -> None:
        super().__init__(folder, device, seed, **_LEFT_OUT)

    @torch.no_grad()
    def embed(self, *prompts: str) -> Tensor:
        """(B, D) embedded prompts: T5's vector for each token, end to end."""
        embedded, _ = self.pipeline.encode_prompt(list(prompts), do_classifier_free_guidance=False, device=self.device)
        return embedded.flatten(1).float().cpu()

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The predicted noise: the first half of the channels."""
        answer = self.unet(self.there(x_t), t, self.there(self.words(cond))).sample
        return answer[:, : x_t.shape[1]].float().cpu()

    def words(self, cond: Tensor) -> Tensor:
        """(B, tokens, width)."""
        return cond.unflatten(1, (-1, self.unet.config.encoder_hid_dim))


class Enlarger(Pipeline):
    """Stage 2: a diffusion model that is shown the small picture, noised to ``level``, beside x_t."""

    def __init__(self, folder: Path, stage_1: Pixels, small: Tensor, level: int = 250) -> None:
        super().__init__(folder, stage_1.device, stage_1.seed, text_encoder=None, tokenizer=None, **_LEFT_OUT)
        self.stage_1, self.level = stage_1, level
        self.shape = (self.shape[0] // 2, *self.shape[1:])
        large = F.interpolate(small, self.shape[1:], mode="bilinear", align_corners=True)
        alphas_cumprod = schedule(self.pipeline.image_noising_scheduler.config)
        self.shown = add_noise(large, self.noise(len(small), "stage 2"), level, alphas_cumprod)

    def embed(self, *prompts: str) -> Tensor:
        return self.stage_1.embed(*prompts)

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The predicted noise of the large picture."""
        shown = self.shown.repeat(len(x_t) // len(self.shown), 1, 1, 1)  # twice in a doubled batch
        both = self.there(torch.cat([x_t, shown], dim=1))
        levels = torch.full((len(x_t),), self.level, device=self.device)
        answer = self.unet(both, t, self.there(self.stage_1.words(cond)), class_labels=levels).sample
        return answer[:, : x_t.shape[1]].float().cpu()
