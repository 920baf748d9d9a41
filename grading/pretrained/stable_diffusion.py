"""Stable Diffusion: latents, prompts and noise, and CMU part 3's pictures from pictures."""

from pathlib import Path

import torch
from torch import Tensor

from reference.data.draws import seeded

from ..smoke.functions import Functions
from ..smoke.sampling import guided
from .conventions import load_pipeline, predicted_eps, schedule

__all__ = ["StableDiffusion", "img2img", "start_of"]


class StableDiffusion:
    """A latent diffusion model from a folder in diffusers' format, version 1 or 2, that predicts ε or v."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        pipeline = load_pipeline(folder, device, safety_checker=None, feature_extractor=None)
        self.device, self.dtype, self.pipeline = device, pipeline.dtype, pipeline
        self.unet, self.vae = pipeline.unet, pipeline.vae
        self.schedule = schedule(pipeline.scheduler.config)
        self.kind = pipeline.scheduler.config.prediction_type
        size = self.unet.config.sample_size
        self.shape = (self.unet.config.in_channels, size, size)
        self.words = pipeline.tokenizer.model_max_length

    @torch.no_grad()
    def embed(self, *prompts: str) -> Tensor:
        """(B, D) embedded prompts: a vector for each token, end to end, as the contract has conditions."""
        return self.pipeline.encode_prompt(list(prompts), self.device, 1, False)[0].flatten(1).float().cpu()

    def null(self, count: int) -> Tensor:
        """The empty prompt, so many times."""
        return self.embed(*[""] * count)

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The predicted noise in latents; differentiable in x_t and in what of the network is being trained."""
        words = cond.unflatten(1, (self.words, -1)).to(self.device, self.dtype)
        prediction = self.unet(x_t.to(self.device, self.dtype), t, words).sample.float().cpu()
        return predicted_eps(prediction, x_t, t, self.schedule, self.kind)

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        """Latents of pictures in [-1, 1]: the mean of the encoder's distribution, scaled to about unit variance."""
        distribution = self.vae.encode(image.to(self.device, self.dtype)).latent_dist
        return distribution.mean.float().cpu() * self.vae.config.scaling_factor

    @torch.no_grad()
    def decode(self, latent: Tensor) -> Tensor:
        """Pictures of latents."""
        latent = latent.to(self.device, self.dtype) / self.vae.config.scaling_factor
        return self.vae.decode(latent).sample.float().cpu()


def start_of(strength: float, steps: int) -> int:
    """The index in the timesteps where an edit of this strength begins; 1 is pure noise.

    >>> start_of(1.0, 50), start_of(0.6, 50), start_of(0.02, 50)
    (0, 20, 49)
    """
    return steps - max(1, min(steps, round(strength * steps)))


def img2img(
    f: Functions,
    model: StableDiffusion,
    image: Tensor,
    prompt: str,
    strength: float = 0.6,
    scale: float = 7.5,
    steps: int = 50,
    seed: int = 0,
) -> Tensor:
    """A picture that resembles the given one and the prompt, by the submission's SDEdit and guidance, in latents."""
    latent, random = model.encode(image), seeded("cpu", seed, "img2img")
    edited = f(
        "editing.sdedit",
        eps_model=guided(f, model, [prompt] * len(image), scale),
        image=latent,
        noise=torch.randn(latent.shape, generator=random),
        start=start_of(strength, steps),
        timesteps=f.timesteps(len(model.schedule), steps),
        alphas_cumprod=model.schedule,
        noise_fn=lambda x: torch.randn(x.shape, generator=random),
    )
    return model.decode(edited)
