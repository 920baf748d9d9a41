r"""Diffusers' models in the contract's terms: their configuration says how, nothing is assumed.

| math     | code             | meaning                                                        |
| -------- | ---------------- | -------------------------------------------------------------- |
| ᾱ        | ``schedule``     | from ``beta_schedule`` and its two ends                         |
| ε        | ``predicted_eps`` | from what the network predicts: ε, v = √ᾱ ε − √(1−ᾱ) x_0, or x_0 |

Left out on purpose, since the courses do: ``steps_offset`` (timesteps are multiples of the stride), ``clip_sample`` and
``thresholding`` (samplers clip when they are asked to), ``set_alpha_to_one`` (ᾱ before index 0 is 1), learned variances.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reference.networks._torchvision import declare_missing_operators
from reference.noising import cosine_betas, cumulative_alphas, linear_betas, scaled_linear_betas

from .world import World

__all__ = ["Pipeline", "load_pipeline", "predicted_eps", "schedule"]


def schedule(config: Mapping[str, Any]) -> Tensor:
    """ᾱ of a scheduler's configuration, (T,) in float32."""
    kind, steps = config["beta_schedule"], config["num_train_timesteps"]
    if kind == "squaredcos_cap_v2":
        return cumulative_alphas(cosine_betas(steps))
    tables = {"linear": linear_betas, "scaled_linear": scaled_linear_betas}
    if kind not in tables or config.get("trained_betas") is not None:
        raise ValueError(f"beta_schedule: expected squaredcos_cap_v2, linear or scaled_linear, got {kind!r}")
    return cumulative_alphas(tables[kind](steps, config["beta_start"], config["beta_end"]))


def predicted_eps(prediction: Tensor, x_t: Tensor, t: int, alphas_cumprod: Tensor, kind: str) -> Tensor:
    """The noise in x_t by a network that predicts ``kind``: "epsilon", "v_prediction" or "sample"."""
    abar_t = alphas_cumprod[t].item()
    signal, noise = abar_t**0.5, (1 - abar_t) ** 0.5
    if kind == "epsilon":
        return prediction
    if kind == "v_prediction":
        return signal * prediction + noise * x_t
    if kind == "sample":
        return (x_t - signal * prediction) / noise
    raise ValueError(f"prediction_type: expected epsilon, v_prediction or sample, got {kind!r}")


def load_pipeline(folder: Path, device: str, **left_out: None) -> Any:
    """A diffusers pipeline of a local folder, frozen: half precision on a GPU, full precision on the CPU."""
    declare_missing_operators()
    from diffusers import DiffusionPipeline

    half = device.startswith("cuda")
    pipeline = DiffusionPipeline.from_pretrained(
        folder,
        dtype=torch.float16 if half else torch.float32,
        variant="fp16" if any(folder.rglob("*.fp16*.safetensors")) else None,
        local_files_only=True,
        **left_out,
    )
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.requires_grad_(False).eval()
    return pipeline.to(device)


class Pipeline(World):
    """A diffusion model from a folder in diffusers' format."""

    def __init__(self, folder: Path, device: str = "cpu", seed: int = 0, **left_out: None) -> None:
        pipeline = load_pipeline(folder, device, **left_out)
        self.seed, self.device, self.dtype = seed, device, pipeline.dtype
        self.pipeline, self.unet = pipeline, pipeline.unet
        self.schedule = schedule(pipeline.scheduler.config)
        self.kind = pipeline.scheduler.config.prediction_type
        size = self.unet.config.sample_size
        self.shape = (self.unet.config.in_channels, size, size)

    def there(self, x: Tensor) -> Tensor:
        """As the networks take it."""
        return x.to(self.device, self.dtype)
