"""DDPMScheduler.step, TODO by TODO: the estimate is taken out, or another put in, where the kit clips it."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from .common import stands_for
from .eecs498_given import noise_is, student_class


class _Estimated(Exception):
    """The estimate of x0 is there; what the step makes of it is not asked."""

    def __init__(self, estimate: Tensor) -> None:
        self.estimate = estimate


def _student() -> Any:
    return student_class("ddpm", "DDPMScheduler")


def _scheduler(alphas_cumprod: Tensor) -> Any:
    """The student's own, on this table. It walks the table step by step, as the kit has it do."""
    scheduler = _student()()
    scheduler.alphas_cumprod = alphas_cumprod
    scheduler.alphas = alphas_cumprod / torch.cat((torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]))
    scheduler.betas = 1 - scheduler.alphas
    scheduler.one = torch.ones_like(alphas_cumprod[0])
    scheduler.config = SimpleNamespace(
        num_train_timesteps=len(alphas_cumprod),
        thresholding=True,  # in place of clipping, which the kit gives
        clip_sample=False,
        clip_sample_range=1.0,
        variance_type="fixed_small",
        prediction_type="epsilon",
    )
    return scheduler


@stands_for(lambda: _student().step)
def ddpm_predict_x0(x_t: Tensor, eps: Tensor, t: int | Tensor, alphas_cumprod: Tensor) -> Tensor:
    """The kit takes one timestep: where every sample has its own, they come one by one."""
    if isinstance(t, Tensor) and t.ndim:
        alone = [ddpm_predict_x0(x, e, int(i), alphas_cumprod) for x, e, i in zip(x_t.split(1), eps.split(1), t)]
        return torch.cat(alone)
    scheduler = _scheduler(alphas_cumprod)

    def threshold(sample: Tensor) -> Tensor:
        raise _Estimated(sample)

    scheduler._threshold_sample = threshold
    noise_is(torch.zeros_like(x_t))
    try:
        return scheduler.step(eps, torch.tensor(int(t)), x_t).pred_original_sample
    except _Estimated as came:
        return came.estimate


@stands_for(lambda: _student().step)
def ddpm_posterior_step(x_t: Tensor, x0: Tensor, noise: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor) -> Tensor:
    """A stride is one step of a shorter chain, in which nothing stands between t_prev and t."""
    scheduler = _scheduler(torch.cat((alphas_cumprod[: t_prev + 1], alphas_cumprod[t:])))
    scheduler._threshold_sample = lambda sample: x0
    noise_is(noise)
    return scheduler.step(torch.zeros_like(x_t), torch.tensor(t_prev + 1), x_t).prev_sample
