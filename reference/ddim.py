r"""DDIM sampling: the same marginals as DDPM, with as much or as little noise per step as one likes.

| math           | code                  | shape        | range     | meaning                                    | equation     |
| -------------- | --------------------- | ------------ | --------- | ------------------------------------------ | ------------ |
| x_t            | ``x_t``               | (B, C, H, W) |           | noisy image at timestep t                  | DDPM Eq. 4   |
| ε              | ``eps``               | (B, C, H, W) | ~ N(0, I) | the network's estimate of the noise in x_t | DDIM Eq. 9   |
| x̂_0           | ``x0``                | (B, C, H, W) | [-1, 1]   | estimate of the clean image                | DDIM Eq. 9   |
| z              | ``noise``             | (B, C, H, W) | N(0, I)   | fresh noise of the step (DDIM: ε_t)        | DDIM Eq. 12  |
| t, t_prev      | ``t, t_prev``         | int          | -1 … T-1  | the step goes from t to t_prev < t         | DDIM Eq. 12  |
| ᾱ_t, ᾱ_prev   | ``abar_t, abar_prev`` | float        | (0, 1]    | ``alphas_cumprod`` at t and t_prev; 1 at -1 | DDPM Eq. 4  |
| η              | ``eta``               | float        | [0, 1]    | share of DDPM's noise: 0 none, 1 all of it | DDIM Eq. 16  |
| σ              | ``sigma``             | 0-dim        | [0, 1)    | standard deviation of the step's noise     | DDIM Eq. 16  |

The DDIM paper writes a bare α for the cumulative product that DDPM and this project call ᾱ. Its equations look the
same with DDPM's per-step α in them, and are wrong.

Papers: DDIM is Song et al. 2020 (arXiv 2010.02502), DDPM Ho et al. 2020 (arXiv 2006.11239).
"""

import math

import torch

from ._arguments import require_image, require_like, require_number, require_schedule, require_timesteps
from ._schedule import abar_pair, beta_tilde, walk
from .ddpm import posterior_variance, predict_x0
from .shapes import EpsModel, Image, NoiseFn, Scalar, Schedule

__all__ = ["ddim_sigma", "ddim_step", "sample_ddim"]


def ddim_sigma(t: int, t_prev: int, alphas_cumprod: Schedule, eta: float) -> Scalar:
    r"""Standard deviation of the noise that a DDIM step adds.

    .. math:: σ = η \sqrt{\tilde β} = η \sqrt{\frac{1 - ᾱ_{prev}}{1 - ᾱ_t}} \sqrt{1 - \frac{ᾱ_t}{ᾱ_{prev}}}

    Source: DDIM Eq. 16; EECS 498 HW5 part B Eq. 9 (given there).
    Convention: η scales the standard deviation, so the variance goes with η². The paper's α is ᾱ. Its σ̂ ("DDPM with
    the larger variance", √β) lies outside η in [0, 1] and is not offered here.

    Args:
        t: timestep to step from, in 0 … T-1.
        t_prev: timestep to step to, in -1 … t-1.
        alphas_cumprod: (T,).
        eta: η, in [0, 1].

    Returns:
        0-dim tensor, the dtype of alphas_cumprod; exactly 0 at t_prev = -1 and at eta = 0.

    Raises:
        ValueError: t or t_prev out of range, t_prev ≥ t, or eta outside [0, 1].

    >>> alphas_cumprod = torch.tensor([0.9, 0.6, 0.3])
    >>> ddim_sigma(2, 1, alphas_cumprod, eta=0.5)  # 0.5 * √(0.4 / 0.7 * 0.5)
    tensor(0.2673)
    >>> ddim_sigma(2, -1, alphas_cumprod, eta=0.5)
    tensor(0.)
    """
    # Task: a share of the posterior's standard deviation.
    # Trap: eta multiplies the standard deviation, not the variance.
    require_number("eta", eta, 0.0, 1.0)
    return eta * posterior_variance(t, t_prev, alphas_cumprod).sqrt()


def ddim_step(
    x_t: Image, eps: Image, noise: Image, t: int, t_prev: int, alphas_cumprod: Schedule, eta: float = 0.0
) -> Image:
    r"""One DDIM step from t to t_prev: the predicted image, the direction back to x_t, fresh noise.

    .. math::
        x_{prev} = \sqrt{ᾱ_{prev}}\, \frac{x_t - \sqrt{1 - ᾱ_t}\, ε}{\sqrt{ᾱ_t}}
                 + \sqrt{1 - ᾱ_{prev} - σ^2}\, ε + σ z

    Source: DDIM Eq. 12; EECS 498 HW5 part B Eq. 9 (task 2); CMU 16-726 HW5 (bonus).
    Convention: the paper's α is ᾱ. Nothing is clipped, so η = 1 is DDPM's posterior step exactly. diffusers and the
    EECS kit clip x̂_0 by default and keep eps; guided-diffusion also re-derives eps from the clipped x̂_0. At
    t_prev = -1 the result is x̂_0; LDM's code and CMU's kit end at ᾱ[0] instead.

    Args:
        x_t: (B, C, H, W), noisy images at t.
        eps: shaped like x_t, the predicted noise.
        noise: shaped like x_t, standard normal; without effect at eta = 0 and at t_prev = -1.
        t: timestep to step from, in 0 … T-1.
        t_prev: timestep to step to, in -1 … t-1.
        alphas_cumprod: (T,), the dtype of x_t.
        eta: η, in [0, 1]; 0 is deterministic.

    Returns:
        Tensor shaped like x_t, differentiable in x_t, eps and noise.

    Raises:
        ValueError: eps, noise or alphas_cumprod does not match x_t; t or t_prev out of range, t_prev ≥ t, or eta
            outside [0, 1].

    >>> alphas_cumprod = torch.tensor([0.64, 0.36, 0.16])
    >>> zero, one = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
    >>> round(ddim_step(one, zero, one, 2, 1, alphas_cumprod).item(), 4)  # 0.6 * 1 / 0.4
    1.5
    >>> round(ddim_step(zero, one, zero, 1, 0, alphas_cumprod).item(), 4)  # 0.8 * -0.8 / 0.6 + √0.36
    -0.4667
    >>> from .ddpm import posterior_step
    >>> x0 = predict_x0(one, 0.5 * one, 2, alphas_cumprod)
    >>> ddpm = posterior_step(one, x0, one, 2, 0, alphas_cumprod)
    >>> torch.allclose(ddim_step(one, 0.5 * one, one, 2, 0, alphas_cumprod, eta=1.0), ddpm)
    True
    """
    # Task: the three terms of the formula, with the noise's standard deviation for this eta.
    # Trap: what the noise takes has to be taken from the direction term; eta = 0 does not show it.
    # Trap: which of the two cumulative products stands under which root; at t_prev = -1 it is 1, not a table entry.
    require_image("x_t", x_t)
    require_like("eps", eps, "x_t", x_t)
    require_like("noise", noise, "x_t", x_t)
    require_schedule(alphas_cumprod, x_t)
    require_number("eta", eta, 0.0, 1.0)
    abar_t, abar_prev = abar_pair(t, t_prev, alphas_cumprod)
    sigma = eta * math.sqrt(beta_tilde(abar_t, abar_prev))
    predicted_image = math.sqrt(abar_prev) * predict_x0(x_t, eps, t, alphas_cumprod)
    direction_to_x_t = _root(1 - abar_prev - sigma**2) * eps
    x_prev = predicted_image + direction_to_x_t
    return x_prev + sigma * noise if sigma > 0 else x_prev


def sample_ddim(
    eps_model: EpsModel,
    x_T: Image,
    timesteps: list[int],
    alphas_cumprod: Schedule,
    eta: float = 0.0,
    noise_fn: NoiseFn = torch.randn_like,
    clip_x0: bool = False,
) -> Image:
    r"""Run the DDIM chain from noise to image over a list of timesteps.

    .. math::
        ε = ε(x_t, t), \qquad
        x_{prev} = \sqrt{ᾱ_{prev}}\, \hat x_0(x_t, ε) + \sqrt{1 - ᾱ_{prev} - σ^2}\, ε + σ z

    Source: DDIM Eq. 12 and Sec. 4.2; EECS 498 HW5 task 2; CMU 16-726 HW5 (bonus).
    Convention: the last entry steps to -1, so the result is the last estimate of x_0. With clip_x0 the direction term
    keeps the network's eps, as in diffusers and the EECS kit; guided-diffusion and lucidrains re-derive it from the
    clipped estimate, ermongroup's code does not clip.

    Args:
        eps_model: ``(x_t, t) -> eps``, t an int.
        x_T: (B, C, H, W), standard normal noise, taken as the image at timesteps[0].
        timesteps: strictly decreasing ints in 0 … T-1, such as strided_timesteps(1000, 50).
        alphas_cumprod: (T,), the dtype of x_T.
        eta: η, in [0, 1]; 0 is deterministic, 1 is DDPM.
        noise_fn: ``x -> noise`` shaped like x, called once per draw.
        clip_x0: clamp each estimate of x_0 to [-1, 1].

    Returns:
        Tensor shaped like x_T.

    Raises:
        ValueError: timesteps is not a strictly decreasing list in range, alphas_cumprod does not match x_T, or eta is
            outside [0, 1].

    >>> alphas_cumprod = torch.tensor([0.9, 0.6, 0.3])
    >>> x_T = torch.full((1, 1, 1, 1), 2.0)
    >>> knows_the_image = lambda x_t, t: (x_t - alphas_cumprod[t].sqrt() * 0.5) / (1 - alphas_cumprod[t]).sqrt()
    >>> round(sample_ddim(knows_the_image, x_T, [2, 0], alphas_cumprod).item(), 4)
    0.5
    """
    # Task: for each timestep ask the network once and step to the next timestep; clip the estimate if asked to.
    # Trap: the last timestep also has a step, to the clean image.
    # Trap: clipping touches the predicted image only; the direction term keeps what the network said.
    require_image("x_T", x_T)
    require_schedule(alphas_cumprod, x_T)
    require_timesteps(timesteps, alphas_cumprod)
    require_number("eta", eta, 0.0, 1.0)
    steps, alphas_cumprod = walk(timesteps, alphas_cumprod)
    x_t = x_T
    for t, t_prev in steps:
        eps = eps_model(x_t, t)
        x0 = predict_x0(x_t, eps, t, alphas_cumprod)
        if clip_x0:
            x0 = x0.clamp(-1, 1)
        noise = noise_fn(x_t) if eta > 0 and t_prev >= 0 else None
        x_t = _fused_step(x0, eps, noise, t, t_prev, alphas_cumprod, eta)
    return x_t


def _fused_step(
    x0: Image, eps: Image, noise: Image | None, t: int, t_prev: int, alphas_cumprod: Schedule, eta: float
) -> Image:
    """ddim_step for an estimate of x_0 that is there already, clipped or not; None for noise without weight.

    add(…, alpha=c) is "+ c · …" in one pass over the image instead of two.
    """
    abar_t, abar_prev = abar_pair(t, t_prev, alphas_cumprod)
    sigma = eta * math.sqrt(beta_tilde(abar_t, abar_prev))
    x_prev = (math.sqrt(abar_prev) * x0).add(eps, alpha=_root(1 - abar_prev - sigma**2))
    if noise is None:
        return x_prev
    require_like("noise", noise, "x_t", x0)
    return x_prev.add(noise, alpha=sigma)


def _root(variance: float) -> float:
    """The square root of what is never negative, but that rounding may put just below 0."""
    return math.sqrt(max(variance, 0.0))
