"""DDIMScheduler.step."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from .common import stands_for
from .eecs498_given import student_class


def student() -> Any:
    return student_class("ddim", "DDIMScheduler")


def scheduler(alphas_cumprod: Tensor, stride: int) -> Any:
    """The student's own, on this table."""
    made = student()()
    made.alphas_cumprod = alphas_cumprod
    made.final_alpha_cumprod = torch.ones_like(alphas_cumprod[0])
    made.num_inference_steps = 1
    made.config = SimpleNamespace(
        num_train_timesteps=stride,  # which the kit divides by the number of steps
        thresholding=False,
        clip_sample=False,
        clip_sample_range=1.0,
        prediction_type="epsilon",
    )
    return made


@stands_for(lambda: student().step)
def ddim_ddim_step(
    x_t: Tensor, eps: Tensor, noise: Tensor, t: int, t_prev: int, alphas_cumprod: Tensor, eta: float = 0.0
) -> Tensor:
    made = scheduler(alphas_cumprod, t - t_prev)
    return made.step(eps, torch.tensor(t), x_t, eta=eta, variance_noise=noise).prev_sample
