r"""Score distillation: a diffusion model's noise residual as a gradient for an image.

| math        | code                 | shape        | range   | meaning                                            | equation        |
| ----------- | -------------------- | ------------ | ------- | -------------------------------------------------- | --------------- |
| x           | ``x``                | (B, C, H, W) |         | the image or latent that is optimised              | EECS Eq. 16     |
| ε           | ``noise``            | (B, C, H, W) | N(0, I) | the noise that x was noised with                   | DreamFusion Eq. 3 |
| ε̂          | ``eps_pred, eps_pretrained`` | (B, C, H, W) |  | the (guided) estimate of the pretrained network    | DreamFusion Eq. 3 |
| ε_φ         | ``eps_lora``         | (B, C, H, W) |         | estimate of the LoRA, which knows x's distribution | EECS Eq. 17     |
| w(t)        | ``weight``           | () or (B,)   | (0, 1)  | weight of a timestep                               | EECS Eq. 14     |
| t           | ``t``                | int or (B,)  | 0 … T-1 | index into ``alphas_cumprod``                      |                 |
| r           | ``residual``         | (B, C, H, W) |         | what is used as the gradient at x                  | EECS Eq. 16, 17 |

The EECS handout (Eq. 15) and ProlificDreamer write α for √ᾱ, so that their σ² = 1 - α² is 1 - ᾱ here.

Papers: DreamFusion (SDS) is Poole et al. 2022 (arXiv 2209.14988), ProlificDreamer (VSD) Wang et al. 2023
(arXiv 2305.16213).
"""

from jaxtyping import Float
from torch import Tensor

from ._arguments import require_image, require_like, require_schedule
from ._schedule import abar_at, abar_over
from .shapes import Image, Scalar, Schedule, Timesteps

__all__ = ["sds_weight", "sds_residual", "vsd_residual", "surrogate_loss"]

Weight = Scalar | Float[Tensor, "B"]  # one for all, or one per sample


def sds_weight(t: Timesteps, alphas_cumprod: Schedule) -> Weight:
    r"""Weight of a timestep in score distillation: the variance of its noise.

    .. math:: w(t) = σ_t^2 = 1 - ᾱ_t

    Source: DreamFusion Sec. 3 (w(t) = σ_t²); EECS 498 HW5 part B Eq. 14 and 15.
    Convention: 1 - ᾱ, for the handout's α is √ᾱ. Others use √ᾱ (1 - ᾱ) or 1.

    Args:
        t: a timestep in 0 … T-1, or an int64 tensor (B,) with one per sample.
        alphas_cumprod: (T,).

    Returns:
        Tensor of shape () for an int, (B,) for one timestep per sample.

    Raises:
        ValueError: t is out of range, or alphas_cumprod is not a 1-D float tensor.

    >>> import torch
    >>> alphas_cumprod = torch.tensor([0.75, 0.25])
    >>> sds_weight(0, alphas_cumprod), sds_weight(torch.tensor([1, 0]), alphas_cumprod)
    (tensor(0.2500), tensor([0.7500, 0.2500]))
    """
    # Task: the share of noise in the variance at t.
    # Trap: the handout's alpha is the square root of what alphas_cumprod holds.
    require_schedule(alphas_cumprod)
    return 1 - abar_at(t, alphas_cumprod)


def sds_residual(eps_pred: Image, noise: Image, t: Timesteps, alphas_cumprod: Schedule) -> Image:
    r"""Direction of score distillation sampling: predicted minus added noise, weighted.

    .. math:: r = w(t)\, (\hat ε - ε), \qquad w(t) = 1 - ᾱ_t

    Source: DreamFusion Eq. 3; EECS 498 HW5 part B Eq. 13 and 16 (task 6).
    Convention: without the network's Jacobian, so the result is detached. The sign is that of a gradient: descending
    along it makes x likelier.

    Args:
        eps_pred: (B, C, H, W), the network's guided estimate.
        noise: shaped like eps_pred, the very noise that x was noised with.
        t: a timestep in 0 … T-1, or an int64 tensor (B,) with one per sample.
        alphas_cumprod: (T,), the dtype of eps_pred.

    Returns:
        Tensor shaped like eps_pred, detached.

    Raises:
        ValueError: noise or alphas_cumprod does not match eps_pred, or t is out of range.

    >>> import torch
    >>> alphas_cumprod = torch.tensor([0.75, 0.25])
    >>> one = torch.ones(1, 1, 1, 1)
    >>> sds_residual(3 * one, one, 1, alphas_cumprod).item()  # 0.75 * (3 - 1)
    1.5
    """
    # Task: the weighted difference of two noises.
    # Trap: its sign; that it carries no gradient; and a t of shape (B,) has to line up with the batch.
    require_image("eps_pred", eps_pred)
    require_like("noise", noise, "eps_pred", eps_pred)
    require_schedule(alphas_cumprod, eps_pred)
    return ((1 - abar_over(t, alphas_cumprod, eps_pred)) * (eps_pred - noise)).detach()


def vsd_residual(eps_pretrained: Image, eps_lora: Image, t: Timesteps, alphas_cumprod: Schedule) -> Image:
    r"""Direction of variational score distillation: the LoRA's estimate takes the place of the noise.

    .. math:: r = w(t)\, (\hat ε - ε_φ), \qquad w(t) = 1 - ᾱ_t

    Source: ProlificDreamer Eq. 9; EECS 498 HW5 part B Eq. 17 (task 7).
    Convention: the weight and the sign of sds_residual. Both estimates come from the same x_t; the pretrained one is
    guided and has its LoRA switched off.

    Args:
        eps_pretrained: (B, C, H, W), the pretrained network's guided estimate.
        eps_lora: shaped like eps_pretrained, the LoRA's estimate.
        t: a timestep in 0 … T-1, or an int64 tensor (B,) with one per sample.
        alphas_cumprod: (T,), the dtype of eps_pretrained.

    Returns:
        Tensor shaped like eps_pretrained, detached.

    Raises:
        ValueError: eps_lora or alphas_cumprod does not match eps_pretrained, or t is out of range.

    >>> import torch
    >>> alphas_cumprod = torch.tensor([0.75, 0.25])
    >>> one = torch.ones(1, 1, 1, 1)
    >>> vsd_residual(one, 5 * one, 0, alphas_cumprod).item()  # 0.25 * (1 - 5)
    -1.0
    """
    # Task: as in SDS, with the other reference.
    # Trap: which estimate is subtracted from which, and that neither gets a gradient.
    require_image("eps_pretrained", eps_pretrained)
    require_like("eps_lora", eps_lora, "eps_pretrained", eps_pretrained)
    require_schedule(alphas_cumprod, eps_pretrained)
    return ((1 - abar_over(t, alphas_cumprod, eps_pretrained)) * (eps_pretrained - eps_lora)).detach()


def surrogate_loss(x: Image, residual: Image) -> Scalar:
    r"""A loss whose gradient at x is the residual, so that an optimiser can use it.

    .. math:: L = \frac{1}{2 B} \left\lVert x - \text{sg}(x - r) \right\rVert^2, \qquad \nabla_x L = \frac{r}{B}

    Source: EECS 498 HW5 part B Sec. 7 (the text after Eq. 16); threestudio.
    Convention: half the sum of squares over the batch size, as in threestudio. The EECS kit takes the mean over all
    elements; its gradient is smaller by C · H · W, which Adam hides. sg stops the gradient.

    Args:
        x: (B, C, H, W), the image or latent that is optimised.
        residual: shaped like x, from sds_residual or vsd_residual.

    Returns:
        0-dim tensor, differentiable in x; nothing flows into residual.

    Raises:
        ValueError: residual does not match x.

    >>> import torch
    >>> x = torch.zeros(2, 1, 1, 1, requires_grad=True)
    >>> loss = surrogate_loss(x, torch.full((2, 1, 1, 1), 3.0))
    >>> loss.item()  # (9 + 9) / 2 / 2
    4.5
    >>> loss.backward()
    >>> x.grad.flatten()  # 3 / 2
    tensor([1.5000, 1.5000])
    """
    # Task: the squared distance from x to a target that one step along the residual would reach.
    # Trap: the target is a constant. Without that the gradient is 0 at x, and some would flow into the residual.
    require_image("x", x)
    require_like("residual", residual, "x", x)
    # x - sg(x - residual), in an order in which x cancels exactly: a small residual is not rounded away beside it.
    step = (x - x.detach()) + residual.detach()
    return step.square().sum() / (2 * len(x))
