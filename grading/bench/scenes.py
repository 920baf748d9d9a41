"""The trained networks as plain functions of a measured run."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from reference import networks
from reference.guidance import classifier_free_guidance
from reference.networks.schedules import DIGIT_STEPS

from .code import at
from .contest import Settings

__all__ = ["asked_once", "digits", "emoji", "guided_digits"]

GUIDANCE = 5.0  # CS180's


def digits(settings: Settings) -> Callable[[Tensor, int], Tensor]:
    """The time-conditioned digit UNet, as its card measures it: bfloat16 products, no gradients."""
    network = networks.load("time", settings.device)

    @torch.no_grad()
    def eps_model(x_t: Tensor, t: int) -> Tensor:
        with torch.autocast(x_t.device.type, torch.bfloat16):
            return network(x_t, torch.full((len(x_t),), t / DIGIT_STEPS, device=x_t.device)).float()

    return at(settings.device, asked_once(eps_model) if settings.quick else eps_model)


def guided_digits(settings: Settings, name: str, labels: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """A class-conditioned digit UNet, "class" or "flow", as its card measures it; t is (B,), in [0, 1]."""
    network, labels = networks.load(name, settings.device), labels.to(settings.device)

    @torch.no_grad()
    def guided(x_t: Tensor, t: Tensor) -> Tensor:
        with torch.autocast(x_t.device.type, torch.bfloat16):
            without, told = (network(x_t, labels, t, torch.full_like(t, keep)).float() for keep in (0.0, 1.0))
        return classifier_free_guidance(without, told, GUIDANCE)

    return at(settings.device, asked_once(guided) if settings.quick else guided)


def emoji(settings: Settings) -> Callable[[Tensor, int], Tensor]:
    """The emoji UNet without a prompt; gradients flow where somebody wants them."""
    network = networks.load("emoji", settings.device)

    null = cache(lambda count: network.embed([""] * count))

    def eps_model(x_t: Tensor, t: int) -> Tensor:
        return network(x_t, t, null(len(x_t)))

    return at(settings.device, asked_once(eps_model) if settings.quick else eps_model)


def asked_once(network: Callable[[Tensor, Any], Tensor]) -> Callable[[Tensor, Any], Tensor]:
    """For quick runs: the network's first answer, again and again; still a function of x to autograd."""
    answers: list[Tensor] = []

    def answer(x_t: Tensor, t: Any) -> Tensor:
        if not answers or answers[0].shape != x_t.shape:
            answers[:] = [network(x_t, t).detach()]
        return answers[0] + 0 * x_t

    return answer
