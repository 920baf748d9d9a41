"""KAIST CS492(D): the contract's functions on top of the kit's classes."""

import contextlib
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

from .common import of_one_draw, stands_for, student_module


class _Network(nn.Module):
    """What the kit calls its network: the grader's is asked in its place."""

    def __init__(self, answer: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.answer, self.asked = answer, 0
        self.parameter = nn.Parameter(torch.zeros(1, dtype=torch.float64))  # the kit asks where its parameters are

    def forward(self, x_t: Tensor, t: Any = None, **keywords: Any) -> Tensor:
        self.asked += 1
        return self.answer(x_t, keywords.get("timestep", t))


def _with_table(scheduler: Any, alphas_cumprod: Tensor) -> Any:
    """The kit's tables for this ᾱ, as the kit's own lines make them."""
    before = torch.cat([alphas_cumprod.new_ones(1), alphas_cumprod[:-1]])
    scheduler.alphas_cumprod, scheduler.alphas = alphas_cumprod, alphas_cumprod / before
    scheduler.betas = 1 - scheduler.alphas
    scheduler.sigmas = ((1 - before) / (1 - alphas_cumprod) * scheduler.betas).sqrt()
    return scheduler


def _ddpm_scheduler(alphas_cumprod: Tensor) -> Any:
    return _with_table(student_module("scheduler").DDPMScheduler(len(alphas_cumprod), 1e-4, 0.02), alphas_cumprod)


def _module(alphas_cumprod: Tensor, network: nn.Module) -> Any:
    module = student_module("ddpm")
    return module.DiffusionModule(network, _with_table(module.BaseScheduler(len(alphas_cumprod)), alphas_cumprod))


@contextlib.contextmanager
def _drawn(noise: Callable[[], Tensor], t: Tensor | None = None) -> Iterator[None]:
    """What the student's code draws is what the contract hands over."""

    drawn: dict[str, Callable[[], Any]] = dict.fromkeys(("randn", "randn_like", "normal"), noise)
    if t is not None:
        drawn["randint"] = lambda: t
    given: dict[str, Any] = {name: mock.Mock(side_effect=_without_arguments(draw)) for name, draw in drawn.items()}
    with mock.patch.multiple(torch, **given):
        yield


def _without_arguments(draw: Callable[[], Any]) -> Callable[..., Any]:
    return lambda *_, **__: draw()


def _times(t: int | Tensor, x: Tensor) -> Tensor:
    """One timestep per sample, as the kit's forward process takes them."""
    return t if isinstance(t, Tensor) else torch.full((len(x),), t)


@stands_for(lambda: student_module("scheduler").DDPMScheduler.add_noise)
def noising_add_noise(x0: Tensor, noise: Tensor, t: int | Tensor, alphas_cumprod: Tensor) -> Tensor:
    x_t, _ = _ddpm_scheduler(alphas_cumprod).add_noise(x0, _times(t, x0), noise)
    if x_t is None:
        raise NotImplementedError("x_t is still None")
    return x_t


@stands_for(lambda: student_module("scheduler").DDPMScheduler.step)
def ddpm_posterior_step(x_t: Tensor, x0: Tensor, noise: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor) -> Tensor:
    abar_t = alphas_cumprod[t].double()
    eps = ((x_t - abar_t.sqrt() * x0) / (1 - abar_t).sqrt()).to(x_t.dtype)  # of which x0 is the estimate
    scheduler = _ddpm_scheduler(alphas_cumprod)
    told = {"predictor": "noise"} if "predictor" in signature(scheduler.step).parameters else {}  # a later edition's
    with _drawn(lambda: noise):
        result = scheduler.step(x_t, torch.tensor(t), eps, **told)
    if result is None:
        raise NotImplementedError("sample_prev is still None")
    return result


@stands_for(lambda: student_module("ddpm").DiffusionModule.compute_loss)
def unet_ddpm_loss(model: Callable, x0: Tensor, noise: Tensor, t: Tensor, alphas_cumprod: Tensor) -> Tensor:
    def run(watched: Callable, draw: Callable[[], Tensor]) -> Tensor:
        network = _Network(lambda x_t, time: watched(x_t, time.to(x_t.dtype) / len(alphas_cumprod)))
        with _drawn(draw, t):
            loss = _module(alphas_cumprod, network).compute_loss(x0)
        if not network.asked:
            raise NotImplementedError("the network is not asked")
        return loss

    return of_one_draw(noise, model, run)


@stands_for(lambda: student_module("ddpm").DiffusionModule.ddim_p_sample)
def ddim_ddim_step(
    x_t: Tensor, eps: Tensor, noise: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor, eta: float = 0.0
) -> Tensor:
    module = _module(alphas_cumprod, _Network(lambda *_: eps))
    with _drawn(lambda: noise):
        result = module.ddim_p_sample(x_t, torch.tensor(t), torch.tensor(t_prev), eta)
    if result is x_t:
        raise NotImplementedError("x_t_prev is still xt")
    return result
