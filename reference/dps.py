r"""Diffusion posterior sampling: pull the chain towards images that explain a measurement.

| math           | code            | shape        | range   | meaning                                            | equation      |
| -------------- | --------------- | ------------ | ------- | -------------------------------------------------- | ------------- |
| y              | ``measurement`` | (B, …)       |         | what was observed, y = A(x) + n                    | DPS Eq. 1     |
| A              | ``operator``    | image → (B, …) |       | differentiable measurement operator                | DPS Eq. 1     |
| x_t            | ``x_t``         | (B, C, H, W) |         | noisy image that the step starts from              | DDPM Eq. 4    |
| x̂_0(x_t)      | ``x0_hat``      | (B, C, H, W) | [-1, 1] | estimate of the clean image, attached to x_t       | DDPM Eq. 15   |
| x_prev         | ``x_prev``      | (B, C, H, W) |         | image after the unconditional step to t_prev       | EECS Eq. 11   |
| ζ              | ``scale``       | float        | ≥ 0     | step size (EECS: α_t, a constant)                  | DPS Alg. 1    |
| η              | ``eta``         | float        | [0, 1]  | share of DDPM's noise in the unconditional step    | DDIM Eq. 16   |

Papers: DPS is Chung et al. 2022 (arXiv 2209.14687), DDIM Song et al. 2020 (arXiv 2010.02502), DDPM Ho et al. 2020
(arXiv 2006.11239).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from ._arguments import refuse, require_image, require_like, require_number, require_schedule, require_timesteps
from ._schedule import walk
from .ddim import ddim_step
from .ddpm import predict_x0
from .shapes import EpsModel, Image, NoiseFn, Operator, Schedule

__all__ = ["dps_gradient", "dps_step", "sample_dps"]

Measurement = Float[Tensor, "..."]  # whatever shape the operator returns, the batch first


def dps_gradient(x_t: Image, x0_hat: Image, measurement: Measurement, operator: Operator) -> Image:
    r"""How the misfit to the measurement changes with the noisy image, through the network.

    .. math:: \nabla_{x_t} \left\lVert y - A(\hat x_0(x_t)) \right\rVert_2

    Source: DPS Eq. 16 and Algorithm 1; EECS 498 HW5 part B Eq. 11 (tasks 4 and 5).
    Convention: the gradient of the norm, as in the DPS code and EECS. The paper writes the squared norm with a step size
    ζ' / ‖r‖, which is 2 ζ' times this. One norm per sample; the DPS code takes a single norm over the whole batch,
    which couples its images.

    Args:
        x_t: (B, C, H, W), noisy images that require a gradient.
        x0_hat: shaped like x_t, computed from x_t with autograd on.
        measurement: y, shaped like operator(x0_hat), the batch first.
        operator: A, differentiable.

    Returns:
        Tensor shaped like x_t, detached; 0 where the measurement is met exactly. The graph of x0_hat is freed, and no
        ``.grad`` is left in x_t or in the network.

    Raises:
        ValueError: x_t does not require a gradient, x0_hat does not match x_t or was not computed from it, or
            measurement does not match operator(x0_hat).

    >>> x_t = torch.tensor([[[[3.0, 4.0]]]], requires_grad=True)
    >>> x0_hat = 2 * x_t
    >>> dps_gradient(x_t, x0_hat, torch.zeros(1, 1, 1, 2), lambda x: x)  # 2 * [6, 8] / 10
    tensor([[[[1.2000, 1.6000]]]])
    """
    # Task: the norm of the misfit, differentiated with respect to the noisy image.
    # Trap: the gradient runs through the estimate and the network; it is that of the norm and not of its square.
    # Trap: nothing may be left behind in any .grad, the network's parameters included.
    require_image("x_t", x_t)
    require_like("x0_hat", x0_hat, "x_t", x_t)
    if not x_t.requires_grad:
        refuse("x_t", "a tensor that requires a gradient", x_t)
    with torch.enable_grad():  # samplers often run under no_grad
        predicted = operator(x0_hat)
        require_like("measurement", measurement, "operator(x0_hat)", predicted)
        if len(x_t) > 1 and predicted.shape[:1] != x_t.shape[:1]:
            refuse("operator", f"a result of shape ({len(x_t)}, …), the batch first", predicted)
        misfit = (measurement - predicted).reshape(len(x_t), -1)
        # A sample's norm depends on that sample alone: the gradient of the sum holds the gradient of each norm.
        total = torch.linalg.vector_norm(misfit, dim=1).sum()
        if not total.requires_grad:
            refuse("x0_hat", "a tensor computed from x_t with autograd on", x0_hat)
        (gradient,) = torch.autograd.grad(total, x_t, allow_unused=True)
    if gradient is None:
        refuse("x0_hat", "a tensor computed from x_t with autograd on", x0_hat)
    return gradient


def dps_step(
    x_prev: Image, x_t: Image, x0_hat: Image, measurement: Measurement, operator: Operator, scale: float
) -> Image:
    r"""Correct an unconditional step towards the measurement.

    .. math:: x_{prev} \leftarrow x_{prev} - ζ\, \nabla_{x_t} \left\lVert y - A(\hat x_0(x_t)) \right\rVert_2

    Source: DPS Algorithm 1; EECS 498 HW5 part B Eq. 11 (task 4).
    Convention: scale multiplies the gradient of the norm directly, and is the same at all timesteps.

    Args:
        x_prev: (B, C, H, W), images after the unconditional step.
        x_t: shaped like x_prev, the images before it, requiring a gradient.
        x0_hat: shaped like x_t, computed from x_t with autograd on.
        measurement: y, shaped like operator(x0_hat), the batch first.
        operator: A, differentiable.
        scale: ζ, a step size.

    Returns:
        Tensor shaped like x_prev, detached.

    Raises:
        ValueError: as dps_gradient, or x_prev does not match x_t, or scale is not a finite number.

    >>> x_t = torch.tensor([[[[3.0, 4.0]]]], requires_grad=True)
    >>> x_prev = torch.ones(1, 1, 1, 2)
    >>> dps_step(x_prev, x_t, 2 * x_t, torch.zeros(1, 1, 1, 2), lambda x: x, scale=0.5)  # 1 - 0.5 * [1.2, 1.6]
    tensor([[[[0.4000, 0.2000]]]])
    """
    # Task: one step of gradient descent.
    # Trap: the gradient is taken at x_t and applied to x_prev; the result carries no graph.
    require_image("x_prev", x_prev)
    require_like("x_t", x_t, "x_prev", x_prev)
    require_number("scale", scale)
    return x_prev.detach() - scale * dps_gradient(x_t, x0_hat, measurement, operator)


def sample_dps(
    eps_model: EpsModel,
    x_T: Image,
    measurement: Measurement,
    operator: Operator,
    timesteps: list[int],
    alphas_cumprod: Schedule,
    scale: float = 0.5,
    eta: float = 0.0,
    noise_fn: NoiseFn = torch.randn_like,
) -> Image:
    r"""Sample an image that explains a measurement: DDIM with a correction after each step.

    .. math::
        x'_{prev} = \text{DDIM}(x_t, ε(x_t, t), t \to t_{prev}), \qquad
        x_{prev} = x'_{prev} - ζ\, \nabla_{x_t} \left\lVert y - A(\hat x_0(x_t)) \right\rVert_2

    Source: DPS Algorithm 1, with DDIM's step for DDPM's; EECS 498 HW5 part B Sec. 6 (``execute_DPS.py``).
    Convention: neither step nor estimate is clipped; the EECS kit clips x̂_0 by default. The last step, to t_prev = -1,
    is corrected like every other.

    Args:
        eps_model: ``(x_t, t) -> eps``, t an int; differentiable in x_t.
        x_T: (B, C, H, W), standard normal noise, taken as the image at timesteps[0].
        measurement: y, shaped like operator of an image, the batch first.
        operator: A, differentiable.
        timesteps: strictly decreasing ints in 0 … T-1.
        alphas_cumprod: (T,), the dtype of x_T.
        scale: ζ, a step size.
        eta: η, in [0, 1].
        noise_fn: ``x -> noise`` shaped like x, called once per draw.

    Returns:
        Tensor shaped like x_T, detached.

    Raises:
        ValueError: timesteps is not a strictly decreasing list in range, alphas_cumprod does not match x_T, measurement
            does not match the operator's result, eta is outside [0, 1], or scale is not a finite number.

    >>> alphas_cumprod = torch.tensor([0.64])
    >>> x_T, measurement = torch.tensor([[[[0.3, 0.4]]]]), torch.zeros(1, 1, 1, 2)
    >>> sees_no_noise = lambda x_t, t: 0 * x_t  # x0_hat = x_t / 0.8, so the gradient is [0.6, 0.8] / 0.8
    >>> sample_dps(sees_no_noise, x_T, measurement, lambda x: x, [0], alphas_cumprod, scale=0.1)
    tensor([[[[0.3000, 0.4000]]]])
    """
    # Task: for each timestep estimate x_0 from a fresh leaf, take the DDIM step, correct it.
    # Trap: let no graph live on from one step into the next, or memory grows with the number of steps.
    require_image("x_T", x_T)
    require_schedule(alphas_cumprod, x_T)
    require_timesteps(timesteps, alphas_cumprod)
    require_number("scale", scale)
    require_number("eta", eta, 0.0, 1.0)
    steps, alphas_cumprod = walk(timesteps, alphas_cumprod)
    x = x_T
    for t, t_prev in steps:
        with torch.enable_grad():
            x_t = x.detach().requires_grad_()
            eps = eps_model(x_t, t)
            x0_hat = predict_x0(x_t, eps, t, alphas_cumprod)
        noise = noise_fn(x) if eta > 0 and t_prev >= 0 else torch.zeros_like(x)
        x_prev = ddim_step(x, eps.detach(), noise, t, t_prev, alphas_cumprod, eta)
        x = dps_step(x_prev, x_t, x0_hat, measurement, operator, scale)
        del x_t, eps, x0_hat  # with the last names of the graph, its memory goes before the network runs again
    return x
