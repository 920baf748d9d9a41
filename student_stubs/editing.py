r"""Editing a given image: SDEdit, and inpainting in the manner of RePaint.

| math       | code          | shape          | range    | meaning                                              | equation        |
| ---------- | ------------- | -------------- | -------- | ---------------------------------------------------- | --------------- |
| x_orig     | ``image, x_orig`` | (B, C, H, W) | [-1, 1] | the image to edit, clean                             | CS180 Eq. 5     |
| m          | ``edit_mask`` | (B or 1, C or 1, H, W) | 0 or 1 | 1 where new content goes, 0 where x_orig stays | CS180 Eq. 5     |
| i_start    | ``start``     | int            | 0 … S-1  | index into ``timesteps``; larger = less noise        | CS180 1.7       |
| t, t_prev  | ``t, t_prev`` | int            | -1 … T-1 | a step goes from t to t_prev; -1 is the clean image  | CS180 1.4 (t')  |
| x_prev     | ``x_prev``    | (B, C, H, W)   |          | the chain's image after the step, at level t_prev    | RePaint Eq. 8b  |
| ε          | ``noise``     | (B, C, H, W)   | N(0, I)  | fresh noise                                          | DDPM Eq. 14     |
| ᾱ          | ``alphas_cumprod`` | (T,)      | (0, 1)   | signal variance left                                 | DDPM Eq. 4      |

Papers: SDEdit is Meng et al. 2021 (arXiv 2108.01073), RePaint Lugmayr et al. 2022 (arXiv 2201.09865), DDPM Ho et al.
2020 (arXiv 2006.11239).
"""

import torch

from .ddpm import posterior_step, predict_x0, sample_ddpm
from .noising import add_noise
from .shapes import EpsModel, Image, Mask, NoiseFn, Schedule

__all__ = ["sdedit", "repaint_blend", "inpaint"]


def sdedit(
    eps_model: EpsModel,
    image: Image,
    noise: Image,
    start: int,
    timesteps: list[int],
    alphas_cumprod: Schedule,
    noise_fn: NoiseFn = torch.randn_like,
) -> Image:
    r"""Noise an image part of the way and let DDPM denoise it: back onto the manifold of natural images.

    .. math:: x_t = \sqrt{ᾱ_t}\, x_{orig} + \sqrt{1 - ᾱ_t}\, ε \quad \text{with } t = t_{start}, \qquad
              x_0 \sim \text{DDPM}(x_t;\ t_{start}, t_{start + 1}, …)

    Source: SDEdit Sec. 3, in its variance preserving form (the paper's appendix); CS180 project 5 part A 1.7 and 1.7.3;
    CMU 16-726 HW5 part 3.
    Convention: variance preserving, as the course models are; the paper's main text adds noise without scaling the
    image (VE). ``start`` is an index into timesteps, as in CS180: larger means less noise and an image closer to the
    original. CMU counts the steps from the clean end (N), diffusers takes a share of them (strength); both grow with
    the noise.

    Args:
        eps_model: ``(x_t, t) -> eps``, t an int.
        image: (B, C, H, W), clean images in [-1, 1].
        noise: shaped like image, standard normal, for the noising to timesteps[start].
        start: index into timesteps, in 0 … len(timesteps) - 1.
        timesteps: strictly decreasing ints in 0 … T-1.
        alphas_cumprod: (T,), the dtype of image.
        noise_fn: ``x -> noise`` shaped like x, called once per draw of the DDPM steps.

    Returns:
        Tensor shaped like image.

    >>> alphas_cumprod = torch.tensor([0.64, 0.36])
    >>> half, one = torch.full((1, 1, 1, 1), 0.5), torch.ones(1, 1, 1, 1)
    >>> knows_the_noise = lambda x_t, t: one
    >>> round(sdedit(knows_the_noise, half, one, 1, [1, 0], alphas_cumprod).item(), 4)  # (0.4 + 0.6 - 0.6) / 0.8
    0.5
    """
    # TODO: one jump of the forward process, then the reverse chain over what is left of the list.
    # Trap: start is an index, not a timestep, and the chain begins at the very level that the image was noised to.
    raise NotImplementedError


def repaint_blend(
    x_prev: Image, x_orig: Image, edit_mask: Mask, noise: Image, t_prev: int, alphas_cumprod: Schedule
) -> Image:
    r"""Put the known part of an image back, noised to the level that the chain has reached.

    .. math:: x_{prev} \leftarrow m\, x_{prev} + (1 - m) \left(
              \sqrt{ᾱ_{prev}}\, x_{orig} + \sqrt{1 - ᾱ_{prev}}\, ε\right)

    Source: RePaint Eq. 8c; CS180 project 5 part A 1.7.2 Eq. 5.
    Convention: m = 1 is new content, as in CS180. RePaint, diffusers and SDEdit's code have 1 = keep, DPS 1 = observed.
    The level is t_prev, that of x_prev, with ᾱ = 1 at -1; SDEdit's code and labml use t and are one step off. RePaint's
    Algorithm 1 prints the variance 1 - ᾱ where the standard deviation belongs.

    Args:
        x_prev: (B, C, H, W), the chain's images after the step to t_prev.
        x_orig: shaped like x_prev, clean images in [-1, 1].
        edit_mask: (B or 1, C or 1, H, W), the dtype of x_prev: 1 where new content goes, 0 where x_orig stays.
        noise: shaped like x_prev, standard normal; without effect at t_prev = -1.
        t_prev: the level of x_prev, in -1 … T-1; -1 is the clean image.
        alphas_cumprod: (T,), the dtype of x_prev.

    Returns:
        Tensor shaped like x_prev.

    >>> alphas_cumprod = torch.tensor([0.64, 0.36])
    >>> x_prev, x_orig, noise = (torch.full((1, 1, 1, 2), v) for v in (9.0, 0.5, 1.0))
    >>> edit_mask = torch.tensor([[[[1.0, 0.0]]]])
    >>> repaint_blend(x_prev, x_orig, edit_mask, noise, 0, alphas_cumprod)  # 9, and 0.8 * 0.5 + 0.6 * 1
    tensor([[[[9., 1.]]]])
    >>> repaint_blend(x_prev, x_orig, edit_mask, noise, -1, alphas_cumprod)
    tensor([[[[9.0000, 0.5000]]]])
    """
    # TODO: bring the original to the level of x_prev, then choose by the mask.
    # Trap: which side of the mask is new, and that the clean image at -1 has no entry in alphas_cumprod.
    raise NotImplementedError


def inpaint(
    eps_model: EpsModel,
    x_T: Image,
    x_orig: Image,
    edit_mask: Mask,
    timesteps: list[int],
    alphas_cumprod: Schedule,
    noise_fn: NoiseFn = torch.randn_like,
) -> Image:
    r"""Fill the masked part of an image with new content: DDPM with a blend after every step.

    .. math:: x_{prev} \sim q(x_{prev} \mid x_t, \hat x_0), \qquad
              x_{prev} \leftarrow m\, x_{prev} + (1 - m)\, x_{orig, prev}

    Source: RePaint Algorithm 1 without resampling (U = 1); CS180 project 5 part A 1.7.2.
    Convention: 1 = new content. The blend follows every step, the last one too, so that the known part of the result is
    x_orig itself. The step's noise and the blend's are two independent draws.

    Args:
        eps_model: ``(x_t, t) -> eps``, t an int.
        x_T: (B, C, H, W), standard normal noise, taken as the image at timesteps[0].
        x_orig: shaped like x_T, clean images in [-1, 1].
        edit_mask: (B or 1, C or 1, H, W), the dtype of x_T: 1 where new content goes.
        timesteps: strictly decreasing ints in 0 … T-1.
        alphas_cumprod: (T,), the dtype of x_T.
        noise_fn: ``x -> noise`` shaped like x, called once per draw: two draws for each step but the last.

    Returns:
        Tensor shaped like x_T, equal to x_orig where edit_mask is 0.

    >>> alphas_cumprod = torch.tensor([0.9, 0.6, 0.3])
    >>> x_T, x_orig = torch.full((1, 1, 1, 2), 2.0), torch.full((1, 1, 1, 2), 0.25)
    >>> edit_mask = torch.tensor([[[[1.0, 0.0]]]])
    >>> wants_half = lambda x_t, t: (x_t - alphas_cumprod[t].sqrt() * 0.5) / (1 - alphas_cumprod[t]).sqrt()
    >>> inpaint(wants_half, x_T, x_orig, edit_mask, [2, 0], alphas_cumprod)
    tensor([[[[0.5000, 0.2500]]]])
    """
    # TODO: the DDPM loop, with the known part put back after each step.
    # Trap: step and blend each need noise of their own, the blend's level is the one just reached, and the last step
    # is followed by a blend as well.
    raise NotImplementedError
