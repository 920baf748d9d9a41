"""The branch of DDIMScheduler.step that samples from the posterior, seen as what it adds to a step without it."""

from collections.abc import Callable

import torch
from torch import Tensor

from .common import stands_for
from .eecs498_ddim import scheduler, student

SCALE = 0.5  # the kit's DPS_scale
LEVEL = 0.3  # ᾱ of the step: not ½, where ᾱ and 1 − ᾱ are the same


class _Operator:
    """The measurement in the kit's form."""

    def __init__(self, operator: Callable[[Tensor], Tensor]) -> None:
        self.operator = operator

    def forward(self, data: Tensor, mask: Tensor) -> Tensor:
        return self.operator(data)


@stands_for(lambda: student().step)
def dps_dps_step(
    x_prev: Tensor,
    x_t: Tensor,
    x0_hat: Tensor,
    measurement: Tensor,
    operator: Callable[[Tensor], Tensor],
    scale: float,
) -> Tensor:
    """The estimate is put in where the kit thresholds it. The step's own result need not be right.

    The network's answer is the one that belongs to that estimate: who estimates anew gets the same.
    """
    made = scheduler(torch.tensor([0.75, LEVEL], dtype=x_t.dtype), stride=1)
    made.config.thresholding = True
    made._threshold_sample = lambda sample: x0_hat
    eps = (x_t - LEVEL**0.5 * x0_hat) / (1 - LEVEL) ** 0.5

    def step(use_DPS: bool) -> Tensor:
        given = {"operator": _Operator(operator), "mask": operator(torch.ones_like(x_t)), "measurement": measurement}
        return made.step(eps, torch.tensor(1), x_t, use_DPS=use_DPS, **given).prev_sample

    correction = step(use_DPS=False).detach() - step(use_DPS=True).detach()
    return x_prev.detach() - scale / SCALE * correction
