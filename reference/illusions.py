r"""Optical illusions from combined noise estimates: visual anagrams and hybrid images.

| math         | code                         | shape        | range | meaning                                       | equation     |
| ------------ | ---------------------------- | ------------ | ----- | --------------------------------------------- | ------------ |
| x_t, t       | ``x_t, t``                   | image, int   |       | noisy image and its timestep                  | DDPM Eq. 4   |
| c_1, c_2     | ``cond_upright, cond_flipped`` | (B, D)     |       | what is seen upright, and upside down         | CS180 1.8    |
| c_1, c_2     | ``cond_low, cond_high``      | (B, D)       |       | what is seen from afar, and from close by     | CS180 1.9    |
| k            | ``kernel_size``              | int          | odd   | taps of the blur in each direction            | CS180 1.9    |
| σ            | ``sigma``                    | float        | > 0   | standard deviation of the blur, in pixels     | CS180 1.9    |
| g            | ``kernel``                   | (k,)         | sum 1 | normalised Gaussian weights                   |              |
| ε            | returned                     | (B, C, H, W) |       | the combined noise estimate                   | CS180 1.8    |

Papers: visual anagrams are Geng et al. 2023 (arXiv 2311.17919), factorized diffusion is Geng et al. 2024
(arXiv 2404.11615).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ._arguments import refuse, require_condition, require_image, require_int, require_like, require_number
from .shapes import Condition, ConditionalEpsModel, Image

__all__ = ["anagram_eps", "gaussian_kernel1d", "lowpass", "hybrid_eps"]

Kernel = Float[Tensor, "k"]


def anagram_eps(
    model: ConditionalEpsModel, x_t: Image, t: int, cond_upright: Condition, cond_flipped: Condition
) -> Image:
    r"""Noise estimate for an image that shows one thing upright and another one upside down.

    .. math:: ε = \tfrac12 \bigl(ε(x_t, t, c_1) + \text{flip}(ε(\text{flip}(x_t), t, c_2))\bigr)

    Source: visual anagrams, the mean of the views' estimates; CS180 project 5 part A 1.8.
    Convention: flip turns the image upside down, that is, reverses the rows (the H axis). It is no rotation by 180°,
    which would reverse the columns too. The mean, not the sum: the network's estimate keeps its scale.

    Args:
        model: ``(x_t, t, cond) -> eps``, t an int.
        x_t: (B, C, H, W), noisy images.
        t: the timestep, ≥ 0.
        cond_upright: (B, D), the condition of the upright view.
        cond_flipped: shaped like cond_upright, the condition of the view upside down.

    Returns:
        Tensor shaped like x_t.

    Raises:
        ValueError: a condition does not match x_t, or t is no timestep.

    >>> two_rows = torch.tensor([[[[1.0], [3.0]]]])
    >>> model = lambda x_t, t, cond: x_t * torch.tensor([1.0, 10.0]).reshape(2, 1) + cond.reshape(-1, 1, 1, 1)
    >>> anagram_eps(model, two_rows, 5, torch.zeros(1, 1), torch.full((1, 1), 100.0)).flatten()
    tensor([55.5000, 66.5000])
    """
    # Task: one estimate for each view, both brought upright, then their mean.
    # Trap: the second view is flipped on the way in and on the way out, along the height and nothing else.
    require_image("x_t", x_t)
    require_int("t", t, 0)
    require_condition("cond_upright", cond_upright, x_t)
    require_like("cond_flipped", cond_flipped, "cond_upright", cond_upright)
    eps_upright = model(x_t, t, cond_upright)
    eps_flipped = model(_upside_down(x_t), t, cond_flipped)
    return (eps_upright + _upside_down(eps_flipped)) / 2


def gaussian_kernel1d(kernel_size: int = 33, sigma: float = 2.0) -> Kernel:
    r"""Weights of a Gaussian blur along one axis.

    .. math:: g_i = \frac{\exp(-i^2 / 2σ^2)}{\sum_j \exp(-j^2 / 2σ^2)}, \qquad i = -\tfrac{k-1}{2} … \tfrac{k-1}{2}

    Source: CS180 project 5 part A 1.9 (kernel size 33, sigma 2).
    Convention: sums to 1, so that a blur keeps the mean. sigma is in pixels and does not follow from the kernel size:
    OpenCV's and torchvision's default for 33 taps would be 5.3.

    Args:
        kernel_size: k, odd, at least 1.
        sigma: σ in pixels, > 0.

    Returns:
        Tensor of shape (k,), symmetric, float64, to be rounded to whichever dtype an image has.

    Raises:
        ValueError: kernel_size is even or < 1, or sigma is not positive.

    >>> gaussian_kernel1d(3, sigma=0.8493218)  # exp(-1 / 2σ²) = 1/2, so 1 : 2 : 1
    tensor([0.2500, 0.5000, 0.2500], dtype=torch.float64)
    """
    # Task: the Gaussian at whole distances from the centre, then normalised.
    # Trap: the centre is the middle tap, the exponent holds the squared sigma twice, and the weights sum to 1.
    require_int("kernel_size", kernel_size, 1)
    if kernel_size % 2 == 0:
        refuse("kernel_size", "an odd int", kernel_size)
    require_number("sigma", sigma)
    if sigma <= 0:
        refuse("sigma", "a number > 0", sigma)
    radius = kernel_size // 2
    distance = torch.arange(-radius, radius + 1, dtype=torch.float64)
    weights = torch.exp(-(distance**2) / (2 * sigma**2))
    return weights / weights.sum()


def lowpass(x: Image, kernel_size: int = 33, sigma: float = 2.0) -> Image:
    r"""Gaussian blur of each channel: keep what is seen from afar.

    .. math:: y_{ij} = \sum_{a, b} g_a\, g_b\, x_{i + a,\, j + b}

    Source: factorized diffusion, hybrid images; CS180 project 5 part A 1.9 (kernel size 33, sigma 2).
    Convention: reflect padding (the edge pixel is not repeated), as in torchvision's ``gaussian_blur``; zero padding
    would darken the borders. The high pass that belongs to it is x - lowpass(x).

    Args:
        x: (B, C, H, W), with H and W > kernel_size // 2, which reflecting needs.
        kernel_size: k, odd, at least 1.
        sigma: σ in pixels, > 0.

    Returns:
        Tensor shaped like x, differentiable in x.

    Raises:
        ValueError: kernel_size is even or too large for x, or sigma is not positive.

    >>> edge = torch.tensor([0.0, 0.0, 4.0]).expand(1, 1, 3, 3)
    >>> lowpass(edge, kernel_size=3, sigma=0.8493218)[0, 0, 0]  # weights 1/4, 1/2, 1/4
    tensor([0., 1., 2.])
    """
    # Task: the same one-dimensional kernel down the columns and along the rows, on an image padded by reflection.
    # Trap: no channel may leak into another, and the kernel needs the precision of the image.
    require_image("x", x)
    kernel = gaussian_kernel1d(kernel_size, sigma).to(x)
    B, C, H, W = x.shape
    radius = kernel_size // 2
    if radius >= min(H, W):
        refuse("kernel_size", f"an odd int < {2 * min(H, W)}, so that a {H} × {W} image can be reflected", kernel_size)
    planes = F.pad(x.reshape(B * C, 1, H, W), [radius] * 4, mode="reflect")  # each channel an image of its own
    blurred_down = F.conv2d(planes, kernel.reshape(1, 1, -1, 1))
    return F.conv2d(blurred_down, kernel.reshape(1, 1, 1, -1)).reshape(B, C, H, W)


def hybrid_eps(
    model: ConditionalEpsModel,
    x_t: Image,
    t: int,
    cond_low: Condition,
    cond_high: Condition,
    kernel_size: int = 33,
    sigma: float = 2.0,
) -> Image:
    r"""Noise estimate for an image that shows one thing from afar and another one from close by.

    .. math:: ε = \text{lowpass}(ε_1) + \bigl(ε_2 - \text{lowpass}(ε_2)\bigr), \qquad ε_i = ε(x_t, t, c_i)

    Source: factorized diffusion, hybrid images; CS180 project 5 part A 1.9.
    Convention: low frequencies from the first condition, high ones from the second; the parts are added, not averaged,
    so that two equal conditions give back the plain estimate.

    Args:
        model: ``(x_t, t, cond) -> eps``, t an int.
        x_t: (B, C, H, W), noisy images, with H and W > kernel_size // 2.
        t: the timestep, ≥ 0.
        cond_low: (B, D), the condition of the low frequencies.
        cond_high: shaped like cond_low, the condition of the high frequencies.
        kernel_size: taps of the blur, odd.
        sigma: standard deviation of the blur in pixels, > 0.

    Returns:
        Tensor shaped like x_t.

    Raises:
        ValueError: a condition does not match x_t, t is no timestep, kernel_size is even or too large for x_t, or
            sigma is not positive.

    >>> x_t = torch.tensor([0.0, 0.0, 4.0]).expand(1, 1, 3, 3)
    >>> model = lambda x_t, t, cond: x_t * cond.reshape(-1, 1, 1, 1)
    >>> low, high = torch.tensor([[1.0]]), torch.tensor([[10.0]])
    >>> hybrid_eps(model, x_t, 5, low, high, 3, 0.8493218)[0, 0, 0]  # [0, 1, 2] + 10 * ([0, 0, 4] - [0, 1, 2])
    tensor([ 0., -9., 22.])
    """
    # Task: one estimate for each condition; the blur of the first, and what the blur takes from the second.
    # Trap: the high frequencies are what is missing from the second estimate's own blur.
    require_image("x_t", x_t)
    require_int("t", t, 0)
    require_condition("cond_low", cond_low, x_t)
    require_like("cond_high", cond_high, "cond_low", cond_low)
    eps_low = model(x_t, t, cond_low)
    eps_high = model(x_t, t, cond_high)
    return lowpass(eps_low, kernel_size, sigma) + (eps_high - lowpass(eps_high, kernel_size, sigma))


def _upside_down(x: Image) -> Image:
    return x.flip(dims=[2])
