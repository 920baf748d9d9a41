r"""Noise schedules and the forward process.

| math        | code                  | shape          | range      | meaning                                  | equation      |
| ----------- | --------------------- | -------------- | ---------- | ---------------------------------------- | ------------- |
| β_t         | ``betas``             | (T,)           | (0, 1)     | variance added by one training step      | DDPM Eq. 2    |
| ᾱ_t         | ``alphas_cumprod``    | (T,)           | (0, 1)     | signal variance left after t + 1 steps   | DDPM Eq. 4    |
| T           | ``num_train_steps``   | int            | ≥ 1        | length of the training chain             | DDPM Sec. 4   |
| S           | ``num_inference_steps`` | int          | 1 … T      | length of the sampling chain             | DDIM Sec. 4.2 |
| t           | ``t``                 | int or (B,)    | 0 … T-1    | index into ``alphas_cumprod``            |               |
| x_0         | ``x0``                | (B, C, H, W)   | [-1, 1]    | clean image                              |               |
| ε           | ``noise``             | (B, C, H, W)   | N(0, I)    | the noise that is added                  | DDPM Eq. 14   |
| x_t         | returned              | (B, C, H, W)   |            | noisy image                              | DDPM Eq. 4    |

A bare "alpha" never appears in a name: DDPM writes α_t for the step and ᾱ_t for the product, the DDIM paper writes α
for the product, and ProlificDreamer writes α for its square root.

Papers: DDPM is Ho et al. 2020 (arXiv 2006.11239), DDIM Song et al. 2020 (arXiv 2010.02502), improved DDPM Nichol and
Dhariwal 2021 (arXiv 2102.09672), LDM Rombach et al. 2022 (arXiv 2112.10752).
"""

import math

import torch

from ._arguments import refuse, require_image, require_int, require_like, require_schedule
from ._schedule import abar_over
from .shapes import Image, Schedule, Timesteps

__all__ = [
    "linear_betas",
    "scaled_linear_betas",
    "cosine_betas",
    "cumulative_alphas",
    "strided_timesteps",
    "add_noise",
]


def linear_betas(num_train_steps: int = 1000, beta_start: float = 1e-4, beta_end: float = 0.02) -> Schedule:
    r"""Noise variances that grow linearly, DDPM's schedule.

    .. math:: β_t = β_{start} + \frac{t}{T - 1} (β_{end} - β_{start}), \qquad t = 0 … T-1

    Source: DDPM Sec. 4; EECS 498 HW5 part B (the given scheduler); CS180 project 5 part B.
    Convention: both ends are included and the ends do not depend on T. guided-diffusion instead rescales both by
    1000 / T; with T = 300 and unscaled betas, as in CS180, √ᾱ of the last step is still 0.219.

    Args:
        num_train_steps: T, at least 1.
        beta_start, beta_end: variances of the first and the last step, 0 < beta_start ≤ beta_end < 1.

    Returns:
        Tensor of shape (T,), float32.

    Raises:
        ValueError: T < 1 or betas outside (0, 1).

    >>> linear_betas(3, 0.1, 0.3)
    tensor([0.1000, 0.2000, 0.3000])
    """
    # Task: T evenly spaced values from beta_start to beta_end.
    # Trap: both ends are part of the table, and neither depends on T.
    _require_ends(num_train_steps, beta_start, beta_end)
    return torch.linspace(beta_start, beta_end, num_train_steps, dtype=torch.float64).float()


def scaled_linear_betas(num_train_steps: int = 1000, beta_start: float = 0.00085, beta_end: float = 0.012) -> Schedule:
    r"""Noise variances whose square roots grow linearly, Stable Diffusion's schedule.

    .. math:: β_t = \left(\sqrt{β_{start}} + \frac{t}{T - 1} (\sqrt{β_{end}} - \sqrt{β_{start}})\right)^2

    Source: the LDM code (its "linear" schedule); CMU 16-726 HW5 part 3 and EECS 498 HW5 tasks 6 and 7 run on models
    trained with it.
    Convention: what LDM calls "linear" is this one; diffusers calls it "scaled_linear". DDPM's is linear in β itself.

    Args:
        num_train_steps: T, at least 1.
        beta_start, beta_end: variances of the first and the last step, 0 < beta_start ≤ beta_end < 1.

    Returns:
        Tensor of shape (T,), float32.

    Raises:
        ValueError: T < 1 or betas outside (0, 1).

    >>> scaled_linear_betas(3, 0.01, 0.09)
    tensor([0.0100, 0.0400, 0.0900])
    """
    # Task: space the square roots evenly, then square.
    # Trap: the ends of the table are beta_start and beta_end themselves.
    _require_ends(num_train_steps, beta_start, beta_end)
    roots = torch.linspace(math.sqrt(beta_start), math.sqrt(beta_end), num_train_steps, dtype=torch.float64)
    return (roots**2).float()


def cosine_betas(num_train_steps: int = 1000, offset: float = 0.008, max_beta: float = 0.999) -> Schedule:
    r"""The cosine schedule: ᾱ follows a squared cosine, the betas are its ratios.

    .. math::
        f(u) = \cos^2\left(\frac{u + s}{1 + s} \cdot \frac{π}{2}\right), \qquad
        β_t = \min\left(1 - \frac{f((t + 1) / T)}{f(t / T)},\ β_{max}\right)

    Source: improved DDPM Eq. 17.
    Convention: the ratio form of guided-diffusion and diffusers. ᾱ is f(u) / f(0), so the division by f(0) cancels;
    only the last step, where f reaches 0, is clipped.

    Args:
        num_train_steps: T, at least 1.
        offset: s, keeps the first betas from vanishing, ≥ 0.
        max_beta: upper bound for every beta, in (0, 1).

    Returns:
        Tensor of shape (T,), float32.

    Raises:
        ValueError: T < 1, a negative offset or max_beta outside (0, 1).

    >>> cosine_betas(2, offset=0.0)  # f(0), f(1/2), f(1) = 1, 1/2, 0
    tensor([0.5000, 0.9990])
    """
    # Task: f at the T + 1 points 0, 1/T, … 1; one beta for each neighbouring pair; an upper bound at the end.
    # Trap: the cosine is squared, and the offset stands in the numerator and in the denominator.
    require_int("num_train_steps", num_train_steps, 1)
    if offset < 0:
        refuse("offset", "a number ≥ 0", offset)
    if not 0 < max_beta < 1:
        refuse("max_beta", "a number in (0, 1)", max_beta)
    u = torch.linspace(0, 1, num_train_steps + 1, dtype=torch.float64)
    f = torch.cos((u + offset) / (1 + offset) * math.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=max_beta).float()


def cumulative_alphas(betas: Schedule) -> Schedule:
    r"""The share of the signal's variance that is left after each step.

    .. math:: ᾱ_t = \prod_{s=0}^{t} (1 - β_s)

    Source: DDPM Eq. 4; EECS 498 HW5 part B Eq. 3; CS180 project 5 part B.
    Convention: index 0 is one step of noise (guided-diffusion, diffusers, EECS, CS180 part A). The papers and CS180
    part B count from 1, with ᾱ_0 = 1 for the clean image; here that is t_prev = -1.

    Args:
        betas: (T,), each in (0, 1).

    Returns:
        Tensor of shape (T,), decreasing, the dtype of betas.

    Raises:
        ValueError: betas is not a 1-D float tensor.

    >>> cumulative_alphas(torch.tensor([0.5, 0.5, 0.2]))
    tensor([0.5000, 0.2500, 0.2000])
    """
    # Task: a running product.
    # Trap: of what is kept in each step, not of what is added.
    if not (isinstance(betas, torch.Tensor) and betas.ndim == 1 and betas.is_floating_point()):
        refuse("betas", "a float tensor of shape (T,)", betas)
    return torch.cumprod(1 - betas, dim=0)


def strided_timesteps(num_train_steps: int, num_inference_steps: int) -> list[int]:
    r"""The timesteps that a shortened sampling chain visits, from the noisiest to 0.

    .. math:: (S - 1) k,\ …,\ 2 k,\ k,\ 0 \qquad \text{with the stride } k = ⌊T / S⌋

    Source: DDIM Sec. 4.2; CS180 project 5 part A 1.4 (``strided_timesteps``, stride 30); CMU 16-726 HW5 (DDIM bonus).
    Convention: "leading" spacing, as in diffusers' default without offset: the list ends at 0 and does not begin at
    T - 1. A sampler steps from each entry to the next, and from the last entry, 0, to -1.

    Args:
        num_train_steps: T, at least 1.
        num_inference_steps: S, in 1 … T.

    Returns:
        List of S Python ints, strictly decreasing.

    Raises:
        ValueError: S outside 1 … T.

    >>> strided_timesteps(1000, 5)
    [800, 600, 400, 200, 0]
    >>> strided_timesteps(10, 3)
    [6, 3, 0]
    """
    # Task: S multiples of the stride, largest first.
    # Trap: whole numbers, also where T is no multiple of S.
    require_int("num_train_steps", num_train_steps, 1)
    require_int("num_inference_steps", num_inference_steps, 1, num_train_steps)
    stride = num_train_steps // num_inference_steps
    return [i * stride for i in reversed(range(num_inference_steps))]


def add_noise(x0: Image, noise: Image, t: Timesteps, alphas_cumprod: Schedule) -> Image:
    r"""Jump from the clean image to timestep t of the forward process in one go.

    .. math:: x_t = \sqrt{ᾱ_t}\, x_0 + \sqrt{1 - ᾱ_t}\, ε

    Source: DDPM Eq. 4 and 14; CS180 project 5 part A 1.1 Eq. 2; CMU 16-726 HW5 part 3.
    Convention: variance preserving (VP): the image is scaled down as noise comes in. SDEdit's VE form, x + σ ε, is
    another process. RePaint's Algorithm 1 prints the variance 1 - ᾱ where the standard deviation belongs.

    Args:
        x0: (B, C, H, W), clean images in [-1, 1].
        noise: shaped like x0, standard normal.
        t: a timestep in 0 … T-1, or an int64 tensor (B,) with one per sample.
        alphas_cumprod: (T,), the dtype of x0.

    Returns:
        Tensor shaped like x0, differentiable in x0 and noise.

    Raises:
        ValueError: noise or alphas_cumprod does not match x0, or t is out of range.

    >>> alphas_cumprod = torch.tensor([0.64, 0.36])
    >>> one = torch.ones(1, 1, 1, 1)
    >>> round(add_noise(one, one, 0, alphas_cumprod).item(), 4)  # 0.8 + 0.6
    1.4
    """
    # Task: weigh image and noise so that the variance is kept.
    # Trap: a t of shape (B,) has to line up with the batch, not with the width.
    require_image("x0", x0)
    require_like("noise", noise, "x0", x0)
    require_schedule(alphas_cumprod, x0)
    abar_t = abar_over(t, alphas_cumprod, x0)
    return abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise


def _require_ends(num_train_steps: int, beta_start: float, beta_end: float) -> None:
    require_int("num_train_steps", num_train_steps, 1)
    if not 0 < beta_start < 1:
        refuse("beta_start", "a number in (0, 1)", beta_start)
    if not beta_start <= beta_end < 1:
        refuse("beta_end", f"a number in [beta_start, 1) = [{beta_start}, 1)", beta_end)
