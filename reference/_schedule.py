"""What the formulas read from a schedule: ᾱ at a timestep, the posterior's variance, the steps of a chain."""

from collections.abc import Iterator

from torch import Tensor

from ._arguments import require_int, require_t
from .shapes import Timesteps


def walk(timesteps: list[int], alphas_cumprod: Tensor) -> tuple[Iterator[tuple[int, int]], Tensor]:
    """The steps (t, t_prev) of a chain, the last one to the clean image at -1, and the schedule to take them with.

    That is on the CPU: each step reads numbers from it, and would wait for a GPU that it is on.
    """
    return zip(timesteps, [*timesteps[1:], -1]), alphas_cumprod.cpu()


def abar_pair(t: int, t_prev: int, alphas_cumprod: Tensor) -> tuple[float, float]:
    """(ᾱ_t, ᾱ_prev) as Python floats; ᾱ is exactly 1 at t_prev = -1, the clean image.

    Coefficients in Python floats keep double precision whatever the image's dtype, and cost no tensor operation.
    To read them from a GPU is to wait for it: a chain takes its schedule from there once, in walk.
    """
    require_int("t", t, 0, len(alphas_cumprod) - 1)
    require_int("t_prev", t_prev, -1, t - 1)
    abar_prev = 1.0 if t_prev == -1 else alphas_cumprod[t_prev].item()
    return alphas_cumprod[t].item(), abar_prev


def beta_tilde(abar_t: float, abar_prev: float) -> float:
    """The posterior's variance, DDPM Eq. 7: 0 where ᾱ_prev is 1."""
    beta = 1 - abar_t / abar_prev
    return (1 - abar_prev) / (1 - abar_t) * beta


def abar_at(t: Timesteps, alphas_cumprod: Tensor, batch_size: int | None = None) -> Tensor:
    """ᾱ_t with the shape of t: () for an int, (B,) for one timestep per sample."""
    require_t(t, alphas_cumprod, batch_size)
    if not isinstance(t, Tensor):
        return alphas_cumprod[t]
    # Not alphas_cumprod[t]: that takes -1 for the last entry. On a GPU nothing but gather itself looks at the range.
    return alphas_cumprod.gather(0, t.to(alphas_cumprod.device))


def abar_over(t: Timesteps, alphas_cumprod: Tensor, x: Tensor) -> Tensor:
    """ᾱ_t shaped to multiply an image: () or (1 or B, 1, 1, 1), so that a (B,) t can never line up with the width."""
    abar_t = abar_at(t, alphas_cumprod, len(x))
    if not abar_t.ndim and abar_t.device.type == "cpu":
        return abar_t  # goes with an image on any device, without a wait for what that device still does
    return abar_t.to(x.device).reshape(-1, 1, 1, 1)
