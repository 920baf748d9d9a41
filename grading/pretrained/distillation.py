"""SDS and VSD in Stable Diffusion's latent space, as EECS 498 part B has them: the latents are what is optimised."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.data.draws import seeded

from ..smoke.functions import Functions
from .stable_diffusion import StableDiffusion

__all__ = ["LoRA", "sds", "vsd"]

LOWEST, HIGHEST = 20, 980  # timesteps that are drawn
LOSS_SCALE = 1024.0  # or half precision's gradients vanish; Adam's steps do not depend on it
NAME = "vsd"


class LoRA:
    """Low-rank changes of a UNet's attention, and their training: the network that knows the present pictures."""

    def __init__(self, model: StableDiffusion, learning_rate: float = 1e-4, rank: int = 4) -> None:
        from diffusers.training_utils import cast_training_params
        from peft import LoraConfig

        self.model = model
        model.unet.add_adapter(LoraConfig(r=rank, target_modules=["to_q", "to_k", "to_v", "to_out.0"]), NAME)
        cast_training_params(model.unet)  # half precision has no room for an optimiser's small steps
        self.parameters = [parameter for parameter in model.unet.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=learning_rate)

    def __enter__(self) -> "LoRA":
        self.model.unet.disable_adapters()
        return self

    def __exit__(self, *_: object) -> None:
        self.model.unet.delete_adapters(NAME)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """In here the model answers, and learns, with the LoRA; outside it is unchanged."""
        self.model.unet.enable_adapters()
        try:
            yield
        finally:
            self.model.unet.disable_adapters()

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The noise that the changed network predicts."""
        with self.applied(), torch.no_grad():
            return self.model.eps(x_t, t, cond)

    def learn(self, x_t: Tensor, noise: Tensor, t: int, cond: Tensor) -> float:
        """One step of denoising the present pictures."""
        with self.applied():
            loss = F.mse_loss(self.model.eps(x_t, t, cond), noise)
            self.optimizer.zero_grad()
            (LOSS_SCALE * loss).backward()
            self.optimizer.step()
        return loss.item()


def sds(
    f: Functions, model: StableDiffusion, prompt: str, scale: float, steps: int, learning_rate: float = 0.05, seed=0
) -> Tensor:
    """A latent of the prompt by score distillation."""

    both = model.embed("", prompt)

    def residual(x_t: Tensor, noise: Tensor, t: int) -> Tensor:
        eps = _guided(f, model, x_t, t, both, scale)
        return f("distillation.sds_residual", eps_pred=eps, noise=noise, t=t, alphas_cumprod=model.schedule)

    return _distil(f, model, residual, lambda *_: None, steps, learning_rate, seed)


def vsd(
    f: Functions, model: StableDiffusion, prompt: str, scale: float, steps: int, learning_rate: float = 0.05, seed=0
) -> Tensor:
    """The same with the noise that a LoRA expects in place of the noise that was drawn."""
    both, cond = model.embed("", prompt), model.embed(prompt)
    with LoRA(model) as lora:

        def residual(x_t: Tensor, noise: Tensor, t: int) -> Tensor:
            eps = _guided(f, model, x_t, t, both, scale)
            own = lora.eps(x_t, t, cond)
            return f("distillation.vsd_residual", eps_pretrained=eps, eps_lora=own, t=t, alphas_cumprod=model.schedule)

        return _distil(f, model, residual, partial(lora.learn, cond=cond), steps, learning_rate, seed)


def _guided(f: Functions, model: StableDiffusion, x_t: Tensor, t: int, both: Tensor, scale: float) -> Tensor:
    with torch.no_grad():
        null, asked = model.eps(torch.cat([x_t, x_t]), t, both).chunk(2)
    return f("guidance.classifier_free_guidance", eps_uncond=null, eps_cond=asked, scale=scale)


def _distil(
    f: Functions,
    model: StableDiffusion,
    residual: Callable[[Tensor, Tensor, int], Tensor],
    learn: Callable[[Tensor, Tensor, int], Any],
    steps: int,
    learning_rate: float,
    seed: int,
) -> Tensor:
    """Adam on one latent, down the submission's surrogate loss; ``learn`` sees the same noisy latents afterwards."""
    random = seeded("cpu", seed, "distillation")
    x = torch.randn(1, *model.shape, generator=random).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=learning_rate)
    for _ in range(steps):
        t = int(torch.randint(LOWEST, HIGHEST, (), generator=random))
        noise = torch.randn(x.shape, generator=random)
        x_t = f("noising.add_noise", x0=x.detach(), noise=noise, t=t, alphas_cumprod=model.schedule)
        loss = f.loss("distillation.surrogate_loss", "x", x=x, residual=residual(x_t, noise, t))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        learn(x_t, noise, t)
    return x.detach()
