"""Score distillation: a picture by gradient descent, towards what the network says is missing from it."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ..demonstration import Shown, demonstration
from ..functions import Functions
from ..worlds.shipped import LIKENESS, Shipped
from ..worlds.world import World
from .denoising import noised
from .guidance import combined

__all__ = ["Residual", "distilled", "sds_residual", "show_distilled"]

Residual = Callable[[Tensor, Tensor, int], Tensor]  # of x_t, its noise and t

PROMPTS = ("red heart", "basketball", "red apple", "grinning face")
STEPS = 120
SHOWN = (20, 60, STEPS)


def distilled(
    f: Functions,
    world: World,
    name: str,
    residual: Residual,
    start: Tensor,
    ends: Iterable[int],
    adam: Callable[[list[Tensor]], torch.optim.Optimizer],
    limit: float = math.inf,
) -> Iterator[Tensor]:
    """x_0 after each step down the submission's surrogate loss, whose gradient is the residual.

    Args:
        name: of the draws.
        start: x_0 before the first step.
        ends: for each step, before which timestep t is drawn.
        adam: makes the optimiser.
        limit: of the absolute value of x_0.
    """
    x = start.clone().requires_grad_()
    optimizer, random = adam([x]), world.random(name)
    for end in ends:
        t = int(torch.randint(20, end, (), generator=random))
        noise = torch.randn(x.shape, generator=random)
        x_t = noised(f, world, x.detach(), noise, t)
        loss = f.loss("distillation.surrogate_loss", "x", x=x, residual=residual(x_t, noise, t))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(-limit, limit)
        yield x.detach().clone()


def sds_residual(f: Functions, world: World, prompts: Sequence[str], scale: float) -> Residual:
    """The guided estimate of the noise less the noise that was drawn."""
    eps_model = combined(f, world, prompts, scale)

    def residual(x_t: Tensor, noise: Tensor, t: int) -> Tensor:
        eps = eps_model(x_t, t)
        return f("distillation.sds_residual", eps_pred=eps, noise=noise, t=t, alphas_cumprod=world.schedule)

    return residual


def show_distilled(f: Functions, world: Shipped, name: str, residual: Residual, shown: Shown) -> None:
    """EECS part B in two dimensions: the pixels themselves are optimised, from grey."""
    # From coarse to fine: large t first.
    ends = [int(980 - 500 * step / STEPS) for step in range(STEPS)]
    adam = partial(torch.optim.Adam, lr=0.06, betas=(0.9, 0.99))
    steps = list(distilled(f, world, name, residual, 0.1 * world.noise(len(PROMPTS), "start"), ends, adam, limit=1.2))
    x = steps[-1]
    shown.show(f"{name}: steps {', '.join(map(str, SHOWN))}", torch.cat([steps[step - 1] for step in SHOWN]))
    distance = F.mse_loss(x.clamp(-1, 1), world.pictures(*PROMPTS))
    shown.higher(f"{name}: likeness to the prompts' pictures", world.likeness(x, PROMPTS), LIKENESS)
    shown.lower(f"{name}: distance to the prompts' pictures", distance, "the mean squared difference to the real ones")


@demonstration(
    "SDS at guidance 7.5 and 100",
    "noising.add_noise",
    "guidance.classifier_free_guidance",
    "distillation.sds_residual",
    "distillation.surrogate_loss",
)
def sds(f: Functions, world: Shipped) -> Shown:
    """A weak guidance, and DreamFusion's."""
    shown = Shown()
    for scale in (7.5, 100.0):
        show_distilled(f, world, f"SDS, guidance {scale:g}", sds_residual(f, world, PROMPTS, scale), shown)
    return shown
