r"""Classifier-free guidance: away from the unconditional estimate, past the conditional one.

| math      | code                     | shape        | range   | meaning                                        | equation    |
| --------- | ------------------------ | ------------ | ------- | ---------------------------------------------- | ----------- |
| ε_u       | ``eps_uncond``           | (B, C, H, W) |         | noise estimate under the null condition        | CS180 Eq. 4 |
| ε_c       | ``eps_cond``             | (B, C, H, W) |         | noise estimate under the condition             | CS180 Eq. 4 |
| s         | ``scale``                | float        | any     | 0 unconditional, 1 conditional, > 1 guided     | CS180 Eq. 4 (γ) |
| c, ∅      | ``cond, null_cond``      | (B, D)       |         | embedded prompt and null prompt, one per image | CFG Sec. 3  |
| x_t, t    | ``x_t, t``               | image, int   |         | noisy image and its timestep                   | DDPM Eq. 4  |

Papers: CFG is Ho and Salimans 2022 (arXiv 2207.12598).
"""

from .shapes import Condition, ConditionalEpsModel, Image

__all__ = ["classifier_free_guidance", "guided_eps"]


def classifier_free_guidance(eps_uncond: Image, eps_cond: Image, scale: float) -> Image:
    r"""Combine an unconditional and a conditional noise estimate.

    .. math:: ε = ε_u + s\, (ε_c - ε_u)

    Source: CFG Eq. 6, rewritten; CS180 project 5 part A 1.6 Eq. 4; CMU 16-726 HW5 part 3; EECS 498 HW5 part B Sec. 7.
    Convention: s = 0 is the unconditional estimate, s = 1 the conditional one, as in the course kits and diffusers. The
    paper and DreamFusion write ε_c + w (ε_c - ε_u), so that s = 1 + w. The EECS handout prints ε_u + s ε_c, which is
    neither.

    Args:
        eps_uncond: (B, C, H, W), estimate under the null condition.
        eps_cond: shaped like eps_uncond, estimate under the condition.
        scale: s, any number; 7.5 is common.

    Returns:
        Tensor shaped like eps_uncond, differentiable in both estimates.

    >>> import torch
    >>> one = torch.ones(1, 1, 1, 1)
    >>> [classifier_free_guidance(2 * one, 3 * one, scale).item() for scale in (0.0, 1.0, 7.5)]  # 2 + s * (3 - 2)
    [2.0, 3.0, 9.5]
    """
    # TODO: start from one estimate and go along the difference.
    # Trap: which estimate is the start, and which scale leaves the conditional one unchanged.
    raise NotImplementedError


def guided_eps(
    model: ConditionalEpsModel, x_t: Image, t: int, cond: Condition, null_cond: Condition, scale: float
) -> Image:
    r"""Ask a conditional network with and without the condition, and guide.

    .. math:: ε = ε(x_t, t, ∅) + s\, \bigl(ε(x_t, t, c) - ε(x_t, t, ∅)\bigr)

    Source: CFG Algorithm 2; CS180 project 5 part A 1.6 (``iterative_denoise_cfg``); CMU 16-726 HW5 part 3; EECS 498
    HW5 part B Sec. 7.
    Convention: "unconditional" is the null prompt, which the network was trained with, and not class 0 nor a zero
    image. Two evaluations, one after the other; most kits concatenate both into one doubled batch, which is the same.

    Args:
        model: ``(x_t, t, cond) -> eps``, t an int.
        x_t: (B, C, H, W), noisy images.
        t: the timestep, ≥ 0.
        cond: (B, D), one condition per image.
        null_cond: shaped like cond, the null condition.
        scale: s, any number.

    Returns:
        Tensor shaped like x_t.

    >>> import torch
    >>> model = lambda x_t, t, cond: x_t + cond.reshape(-1, 1, 1, 1)
    >>> x_t, cond, null_cond = torch.ones(1, 1, 1, 1), torch.tensor([[3.0]]), torch.tensor([[0.0]])
    >>> guided_eps(model, x_t, 5, cond, null_cond, scale=2.0).item()  # 1 + 2 * (4 - 1)
    7.0
    """
    # TODO: one estimate for each of the two conditions, then the formula above.
    # Trap: with one doubled batch, take the halves apart in the order in which they were put together.
    raise NotImplementedError
