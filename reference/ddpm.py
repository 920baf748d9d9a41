r"""DDPM sampling: the clean image's estimate, the posterior step, the chain.

| math           | code           | shape        | range     | meaning                                        | equation        |
| -------------- | -------------- | ------------ | --------- | ---------------------------------------------- | --------------- |
| x_t            | ``x_t``        | (B, C, H, W) |           | noisy image at timestep t                      | DDPM Eq. 4      |
| ε              | ``eps``        | (B, C, H, W) | ~ N(0, I) | the network's estimate of the noise in x_t     | DDPM Eq. 11     |
| x̂_0           | ``x0``         | (B, C, H, W) | [-1, 1]   | estimate of the clean image                    | DDPM Eq. 15     |
| z              | ``noise``      | (B, C, H, W) | N(0, I)   | fresh noise of the step                        | DDPM Alg. 2     |
| t, t_prev      | ``t, t_prev``  | int          | -1 … T-1  | the step goes from t to t_prev < t             | CS180 1.4 (t')  |
| ᾱ_t, ᾱ_prev   | ``abar_t, abar_prev`` | float | (0, 1]    | ``alphas_cumprod`` at t and t_prev; 1 at -1    | DDPM Eq. 4      |
| α, β           | ``alpha, beta``  | float      | (0, 1)    | of the stride: α = ᾱ_t / ᾱ_prev, β = 1 - α    | CS180 1.4       |
| β̃             | ``variance``   | 0-dim        | [0, 1)    | posterior variance                             | DDPM Eq. 7      |

α and β are those of the stride, never a training table's: from t = 990 to 960 of the linear schedule β is 0.447,
while ``betas[990]`` is 0.0198.

Papers: DDPM is Ho et al. 2020 (arXiv 2006.11239).
"""

import math

import torch

from ._arguments import require_image, require_like, require_schedule, require_timesteps
from ._schedule import abar_over, abar_pair, beta_tilde, walk
from .shapes import EpsModel, Image, NoiseFn, Scalar, Schedule, Timesteps

__all__ = ["predict_x0", "posterior_variance", "posterior_step", "sample_ddpm"]


def predict_x0(x_t: Image, eps: Image, t: Timesteps, alphas_cumprod: Schedule) -> Image:
    r"""Estimate the clean image from a noisy one and the predicted noise: the forward process solved for x_0.

    .. math:: \hat x_0 = \frac{x_t - \sqrt{1 - ᾱ_t}\, ε}{\sqrt{ᾱ_t}}

    Source: DDPM Eq. 15; EECS 498 HW5 part B Eq. 1 (which writes β̄_t for 1 - ᾱ_t); CS180 project 5 part A 1.3.
    Convention: not clipped. diffusers and the EECS kit clip the estimate to [-1, 1] inside their steps; here only
    samplers do, when asked to.

    Args:
        x_t: (B, C, H, W), noisy images.
        eps: shaped like x_t, the predicted noise.
        t: a timestep in 0 … T-1, or an int64 tensor (B,) with one per sample.
        alphas_cumprod: (T,), the dtype of x_t.

    Returns:
        Tensor shaped like x_t, differentiable in x_t and eps.

    Raises:
        ValueError: eps or alphas_cumprod does not match x_t, or t is out of range.

    >>> alphas_cumprod = torch.tensor([0.64, 0.36])
    >>> x_t, eps = torch.full((1, 1, 1, 1), 1.4), torch.ones(1, 1, 1, 1)
    >>> round(predict_x0(x_t, eps, 0, alphas_cumprod).item(), 4)  # (1.4 - 0.6) / 0.8
    1.0
    """
    # Task: undo the forward process.
    # Trap: subtract the noise first, then divide; both weights belong to t.
    require_image("x_t", x_t)
    require_like("eps", eps, "x_t", x_t)
    require_schedule(alphas_cumprod, x_t)
    abar_t = abar_over(t, alphas_cumprod, x_t)
    return (x_t - (1 - abar_t).sqrt() * eps) / abar_t.sqrt()


def posterior_variance(t: int, t_prev: int, alphas_cumprod: Schedule) -> Scalar:
    r"""Variance of the posterior q(x_prev | x_t, x_0), the noise that a DDPM step adds.

    .. math:: \tilde β = \frac{1 - ᾱ_{prev}}{1 - ᾱ_t}\, β, \qquad β = 1 - ᾱ_t / ᾱ_{prev}

    Source: DDPM Eq. 7; EECS 498 HW5 part B Eq. 2 (given there); CMU 16-726 HW5 part 3.
    Convention: "fixed small". CS180 part B and early DDPM code use β itself ("fixed large"), which is the same at high
    t and ten times as much at low t: a standard deviation of 0.110 for 0.010 from t = 30 to 0. CS180 part A and
    guided-diffusion let the network predict it.

    Args:
        t: timestep to step from, in 0 … T-1.
        t_prev: timestep to step to, in -1 … t-1.
        alphas_cumprod: (T,).

    Returns:
        0-dim tensor, the dtype of alphas_cumprod; exactly 0 at t_prev = -1.

    Raises:
        ValueError: t or t_prev out of range, or t_prev ≥ t.

    >>> alphas_cumprod = torch.tensor([0.9, 0.6, 0.3])
    >>> posterior_variance(2, 1, alphas_cumprod)  # 0.4 / 0.7 * (1 - 0.5)
    tensor(0.2857)
    >>> posterior_variance(2, -1, alphas_cumprod)
    tensor(0.)
    """
    # Task: the formula, with beta from the two cumulative products.
    # Trap: a table's betas[t] is wrong as soon as steps are skipped, and alphas_cumprod[-1] is not the clean image.
    require_schedule(alphas_cumprod)
    return alphas_cumprod.new_tensor(beta_tilde(*abar_pair(t, t_prev, alphas_cumprod)))


def posterior_step(x_t: Image, x0: Image, noise: Image, t: int, t_prev: int, alphas_cumprod: Schedule) -> Image:
    r"""One DDPM step from t to t_prev: the posterior's mean plus fresh noise.

    .. math::
        x_{prev} = \frac{\sqrt{ᾱ_{prev}}\, β}{1 - ᾱ_t}\, x_0
                 + \frac{\sqrt{α}\,(1 - ᾱ_{prev})}{1 - ᾱ_t}\, x_t + \sqrt{\tilde β}\, z

    Source: DDPM Eq. 6 and 7; EECS 498 HW5 part B Eq. 2; CS180 project 5 part A 1.4 Eq. 3; CMU 16-726 HW5 part 3.
    Convention: α and β of the stride. At t_prev = -1 the result is exactly x0: no noise is added on the last step.

    Args:
        x_t: (B, C, H, W), noisy images at t.
        x0: shaped like x_t, estimate of the clean images.
        noise: shaped like x_t, standard normal.
        t: timestep to step from, in 0 … T-1.
        t_prev: timestep to step to, in -1 … t-1.
        alphas_cumprod: (T,), the dtype of x_t.

    Returns:
        Tensor shaped like x_t.

    Raises:
        ValueError: x0, noise or alphas_cumprod does not match x_t; t or t_prev out of range, or t_prev ≥ t.

    >>> alphas_cumprod = torch.tensor([0.9, 0.6, 0.3])
    >>> zero, one = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
    >>> round(posterior_step(zero, one, zero, 2, 1, alphas_cumprod).item(), 4)  # √0.6 * 0.5 / 0.7
    0.5533
    >>> posterior_step(one, 0.25 * one, one, 2, -1, alphas_cumprod).item()
    0.25
    """
    # Task: two coefficients for the mean, then the noise with its standard deviation.
    # Trap: alpha and beta belong to the stride from t to t_prev, and posterior_variance is a variance.
    require_image("x_t", x_t)
    require_like("x0", x0, "x_t", x_t)
    require_like("noise", noise, "x_t", x_t)
    require_schedule(alphas_cumprod, x_t)
    abar_t, abar_prev = abar_pair(t, t_prev, alphas_cumprod)
    if t_prev == -1:
        return x0.clone()
    alpha = abar_t / abar_prev
    beta = 1 - alpha
    variance = beta_tilde(abar_t, abar_prev)
    coef_x0 = math.sqrt(abar_prev) * beta / (1 - abar_t)
    coef_x_t = math.sqrt(alpha) * (1 - abar_prev) / (1 - abar_t)
    # add(…, alpha=c) is "+ c · …" in one pass over the image instead of two.
    return (coef_x0 * x0).add(x_t, alpha=coef_x_t).add(noise, alpha=math.sqrt(variance))


def sample_ddpm(
    eps_model: EpsModel,
    x_T: Image,
    timesteps: list[int],
    alphas_cumprod: Schedule,
    noise_fn: NoiseFn = torch.randn_like,
    clip_x0: bool = False,
) -> Image:
    r"""Run the DDPM chain from noise to image over a list of timesteps.

    .. math:: \hat x_0 = \hat x_0(x_t, ε(x_t, t)), \qquad x_{prev} \sim q(x_{prev} \mid x_t, \hat x_0)

    Source: DDPM Algorithm 2; EECS 498 HW5 task 1; CS180 project 5 part A 1.4 and 1.5 (``iterative_denoise``).
    Convention: the last entry steps to -1, so the result is the last estimate of x_0. CS180 part A stops at t = 0 and
    CMU and LDM at ᾱ[0]; there a little noise is left.

    Args:
        eps_model: ``(x_t, t) -> eps``, t an int.
        x_T: (B, C, H, W), standard normal noise, taken as the image at timesteps[0].
        timesteps: strictly decreasing ints in 0 … T-1, such as strided_timesteps(1000, 50).
        alphas_cumprod: (T,), the dtype of x_T.
        noise_fn: ``x -> noise`` shaped like x, called once per draw.
        clip_x0: clamp each estimate of x_0 to [-1, 1].

    Returns:
        Tensor shaped like x_T.

    Raises:
        ValueError: timesteps is not a strictly decreasing list in range, or alphas_cumprod does not match x_T.

    >>> alphas_cumprod = torch.tensor([0.9, 0.6, 0.3])
    >>> x_T = torch.full((1, 1, 1, 1), 2.0)
    >>> knows_the_image = lambda x_t, t: (x_t - alphas_cumprod[t].sqrt() * 0.5) / (1 - alphas_cumprod[t]).sqrt()
    >>> round(sample_ddpm(knows_the_image, x_T, [2, 1, 0], alphas_cumprod).item(), 4)
    0.5
    """
    # Task: for each timestep ask the network, estimate x_0, step to the next timestep.
    # Trap: the last timestep also has a step, to the clean image; and each step needs noise of its own.
    require_image("x_T", x_T)
    require_schedule(alphas_cumprod, x_T)
    require_timesteps(timesteps, alphas_cumprod)
    steps, alphas_cumprod = walk(timesteps, alphas_cumprod)
    x_t = x_T
    for t, t_prev in steps:
        x0 = predict_x0(x_t, eps_model(x_t, t), t, alphas_cumprod)
        if clip_x0:
            x0 = x0.clamp(-1, 1)
        noise = noise_fn(x_t) if t_prev >= 0 else torch.zeros_like(x_t)
        x_t = posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod)
    return x_t
