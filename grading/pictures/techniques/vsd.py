"""Variational score distillation: the same with the noise that a LoRA expects in place of the noise that was drawn.

The LoRA learns what the pictures look like now; the residual leads from there to the pretrained network.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import Shipped
from ..worlds.world import World
from .guidance import combined
from .sds import PROMPTS, Residual, show_distilled

__all__ = ["LoRA", "vsd_residual"]

NAME = "vsd"
LOSS_SCALE = 1024.0  # or half precision's gradients vanish; Adam's steps do not depend on it


class LoRA:
    """Low-rank changes of a UNet's attention, and their training.

    Args:
        unet: of a class of diffusers'.
        eps: asks it: the predicted noise of x_t, t, cond.
        learning_rate: of Adam.
    """

    def __init__(self, unet: Any, eps: Callable[[Tensor, int, Tensor], Tensor], learning_rate: float = 1e-4) -> None:
        from peft import LoraConfig

        self.unet, self.ask = unet, eps
        self.loss_scale = LOSS_SCALE if next(unet.parameters()).dtype == torch.float16 else 1.0
        unet.add_adapter(LoraConfig(r=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"]), NAME)
        self.parameters = [parameter for parameter in unet.parameters() if parameter.requires_grad]
        for parameter in self.parameters:  # half precision has no room for an optimiser's small steps
            parameter.data = parameter.data.float()
        self.optimizer = torch.optim.Adam(self.parameters, lr=learning_rate)

    def __enter__(self) -> "LoRA":
        self.unet.disable_adapters()
        return self

    def __exit__(self, *_: object) -> None:
        self.unet.delete_adapters(NAME)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """In here the network answers, and learns, with the LoRA; outside it is unchanged."""
        self.unet.enable_adapters()
        try:
            yield
        finally:
            self.unet.disable_adapters()

    def eps(self, x_t: Tensor, t: int, cond: Tensor) -> Tensor:
        """The noise that the changed network predicts."""
        with self.applied(), torch.no_grad():
            return self.ask(x_t, t, cond)

    def learn(self, x_t: Tensor, noise: Tensor, t: int, cond: Tensor) -> float:
        """One step of denoising the present pictures."""
        with self.applied():
            loss = F.mse_loss(self.ask(x_t, t, cond), noise)
            self.optimizer.zero_grad()
            (self.loss_scale * loss).backward()
            self.optimizer.step()
        return loss.item()


def vsd_residual(f: Functions, world: World, prompts: Sequence[str], scale: float, lora: LoRA) -> Residual:
    """The guided estimate of the noise less the LoRA's, which then learns from the same noisy pictures."""
    eps_model, cond = combined(f, world, prompts, scale), world.embed(*prompts)

    def residual(x_t: Tensor, noise: Tensor, t: int) -> Tensor:
        pretrained, own = eps_model(x_t, t), lora.eps(x_t, t, cond)
        lora.learn(x_t, noise, t, cond)
        return f(
            "distillation.vsd_residual", eps_pretrained=pretrained, eps_lora=own, t=t, alphas_cumprod=world.schedule
        )

    return residual


@demonstration(
    "VSD at guidance 7.5 with a LoRA",
    "noising.add_noise",
    "guidance.classifier_free_guidance",
    "distillation.vsd_residual",
    "distillation.surrogate_loss",
)
def vsd(f: Functions, world: Shipped) -> Shown:
    """VSD is content with a weak guidance."""
    shown = Shown()
    with LoRA(world.unet, world.eps, 1e-3) as lora:
        show_distilled(f, world, "VSD, guidance 7.5", vsd_residual(f, world, PROMPTS, 7.5, lora), shown)
    return shown
