r"""Differentiable augmentation of what a discriminator sees: colour, translation, cutout.

| math   | code              | shape        | range         | meaning                                             | equation     |
| ------ | ----------------- | ------------ | ------------- | --------------------------------------------------- | ------------ |
| x      | ``x``             | (B, C, H, W) | [-1, 1]       | images, real or generated                           | DiffAug Sec. 3 |
| T      | ``diff_augment``  |              |               | the augmentation, on real and on fake images        | DiffAug Sec. 3 |
| h, w   | ``height, width`` | (B,)         | whole pixels  | sides of the box, drawn independently               | EECS task 4  |
| i, j   | ``top, left``     | (B,)         | 0 … H-h, W-w  | the box's first row and column                      | EECS task 4  |
| r      | ``ratio_range``   | 2 floats     | (0, 1]        | smallest and largest side, as a part of H and of W  | EECS task 4  |
| u      | ``uniform``       | (…)          | [0, 1)        | uniform random numbers, one set per sample          |              |

Every transform draws for each sample by itself, lets gradients through, changes nothing in place and clips nothing:
brightness may leave [-1, 1]. With a ``generator`` the global random state is neither read nor moved. In training, the
same kind of augmentation goes over real and generated images, in the generator's step as well.

The functions in ``GIVEN`` are handed to students whole and are not graded.

Papers: DiffAug is Zhao et al. 2020 (arXiv 2006.10738), Cutout DeVries and Taylor 2017 (arXiv 1708.04552).
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .shapes import Image

__all__ = ["rand_cutout", "diff_augment"]

GIVEN = ("uniform", "rand_brightness", "rand_saturation", "rand_contrast", "rand_translation")


def uniform(shape: tuple[int, ...], x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Uniform numbers in [0, 1), drawn where the generator lives and moved to the images.

    Always float32, so that one seed gives the same boxes whatever the images' dtype.
    """
    device = x.device if generator is None else generator.device
    return torch.rand(shape, generator=generator, dtype=torch.float32, device=device).to(x.device)


def rand_brightness(x: Image, generator: torch.Generator | None = None) -> Image:
    r"""Shift all of an image's values by the same random amount.

    .. math:: x + u - \tfrac12

    Source: DiffAug's code, "color"; given in EECS 498 HW5 part A.
    Convention: half of the [-1, 1] range's half-width up or down; not clipped.

    Args:
        x: (B, C, H, W), images in [-1, 1].
        generator: source of the random numbers; None for the global one.

    Returns:
        Tensor shaped like x.

    >>> shift = rand_brightness(torch.zeros(1, 3, 2, 2))
    >>> bool((shift == shift[0, 0, 0, 0]).all()) and -0.5 <= shift[0, 0, 0, 0].item() <= 0.5
    True
    """
    u = uniform((len(x), 1, 1, 1), x, generator).to(x.dtype)
    return x + (u - 0.5)


def rand_saturation(x: Image, generator: torch.Generator | None = None) -> Image:
    r"""Scale each pixel's distance from its grey value by a random factor.

    .. math:: \bar x + 2 u\, (x - \bar x), \qquad \bar x = \tfrac1C \sum_c x_c

    Source: DiffAug's code, "color"; given in EECS 498 HW5 part A.
    Convention: the grey value is the plain mean of the channels, no luma weights. Factor 0 to 2.

    Args:
        x: (B, C, H, W), images in [-1, 1].
        generator: source of the random numbers; None for the global one.

    Returns:
        Tensor shaped like x.

    >>> grey = torch.full((2, 3, 1, 1), 0.5)
    >>> torch.equal(rand_saturation(grey), grey)
    True
    """
    u = uniform((len(x), 1, 1, 1), x, generator).to(x.dtype)
    mean = x.mean(dim=1, keepdim=True)
    return mean + 2 * u * (x - mean)


def rand_contrast(x: Image, generator: torch.Generator | None = None) -> Image:
    r"""Scale an image's distance from its own mean by a random factor.

    .. math:: \bar x + (u + \tfrac12)\, (x - \bar x), \qquad \bar x = \tfrac{1}{C H W} \sum_{c, i, j} x_{c, i, j}

    Source: DiffAug's code, "color"; given in EECS 498 HW5 part A.
    Convention: one mean per image, over all channels. Factor 0.5 to 1.5.

    Args:
        x: (B, C, H, W), images in [-1, 1].
        generator: source of the random numbers; None for the global one.

    Returns:
        Tensor shaped like x.

    >>> flat = torch.full((2, 3, 2, 2), 0.5)
    >>> torch.equal(rand_contrast(flat), flat)
    True
    """
    u = uniform((len(x), 1, 1, 1), x, generator).to(x.dtype)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (u + 0.5) * (x - mean)


def rand_translation(x: Image, generator: torch.Generator | None = None) -> Image:
    r"""Move an image by up to an eighth of its sides, in whole pixels; what comes in from outside is 0.

    .. math:: y_{i, j} = x_{i - a,\ j - b}, \qquad |a| ≤ H / 8,\ |b| ≤ W / 8

    Source: DiffAug's code, "translation"; given in EECS 498 HW5 part A.
    Convention: zeros enter at the edge, nothing wraps around. a and b are drawn independently of each other.

    Args:
        x: (B, C, H, W), images in [-1, 1].
        generator: source of the random numbers; None for the global one.

    Returns:
        Tensor shaped like x.

    >>> moved = rand_translation(torch.ones(1, 1, 16, 16))
    >>> 14 * 14 <= moved.sum().item() <= 16 * 16
    True
    """
    batch, channels, height, width = x.shape
    most_down, most_right = round(height / 8), round(width / 8)
    u = uniform((2, batch, 1), x, generator)
    # Row and column of the padded image that each row and column of the result is read from.
    rows = torch.arange(height, device=x.device) + (u[0] * (2 * most_down + 1)).long()
    columns = torch.arange(width, device=x.device) + (u[1] * (2 * most_right + 1)).long()
    padded = F.pad(x, (most_right, most_right, most_down, most_down))
    rows = rows[:, None, :, None].expand(batch, channels, height, padded.shape[3])
    columns = columns[:, None, None, :].expand(batch, channels, height, width)
    return padded.gather(2, rows).gather(3, columns)


def rand_cutout(
    x: Image, ratio_range: tuple[float, float] = (0.25, 0.5), generator: torch.Generator | None = None
) -> Image:
    r"""Set one random box of each image to zero.

    .. math::
        y_{c, i, j} = \begin{cases} 0 & top ≤ i < top + h \text{ and } left ≤ j < left + w \\
                      x_{c, i, j} & \text{else} \end{cases}
        \qquad h \in [r_0 H, r_1 H],\ w \in [r_0 W, r_1 W]

    Source: EECS 498 HW5 part A task 4 (25 % to 50 % of the height and the width, random top left corner); Cutout;
    DiffAug's code, "cutout".
    Convention: EECS's box. DiffAug's own has fixed sides of 50 % and may hang over the edge. Height and width are drawn
    apart, in whole pixels (halves rounded up), both ends of ratio_range included and all sizes between equally likely;
    then the corner, equally likely wherever the whole box fits. A box is at least one pixel high and wide.

    Args:
        x: (B, C, H, W), images in [-1, 1]. H and W may differ.
        ratio_range: smallest and largest side as a part of H and of W, 0 < smallest ≤ largest ≤ 1.
        generator: source of the random numbers, on any device; None for the global one.

    Returns:
        Tensor shaped like x; its gradient in x is 0 in the box and 1 elsewhere.

    >>> y = rand_cutout(torch.ones(1, 1, 4, 8), ratio_range=(0.5, 0.5))
    >>> int((y == 0).sum())  # a box of 2 x 4
    8
    >>> rows, columns = (y[0, 0] == 0).nonzero(as_tuple=True)
    >>> int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1
    (2, 4)
    """
    # TODO: for each sample a height, a width and a corner of its own; zeros inside, in all channels.
    # Trap: the largest side and the last position count too; a corner's range depends on that sample's side; rows go
    # with H, columns with W; and x itself stays as it is.
    raise NotImplementedError


def diff_augment(x: Image, policy: str = "color,translation,cutout", generator: torch.Generator | None = None) -> Image:
    r"""Augment a batch by the transforms that a policy names, from left to right.

    .. math:: T(x) = (T_n \circ … \circ T_1)(x)

    Source: DiffAug Sec. 3 and its code's ``DiffAugment``; EECS 498 HW5 part A tasks 4 and 5 (``run_D``).
    Convention: "color" is brightness, then saturation, then contrast. The names are separated by commas without
    blanks. An unknown name is an error; DiffAug's code answers with a KeyError.

    Args:
        x: (B, C, H, W), images in [-1, 1], real or generated.
        policy: names out of "color", "translation" and "cutout", separated by commas; "" for none.
        generator: source of the random numbers; None for the global one.

    Returns:
        Tensor shaped like x; x itself for an empty policy.

    >>> x = torch.ones(1, 1, 4, 4)
    >>> diff_augment(x, policy="") is x
    True
    >>> int((diff_augment(x, policy="cutout") == 0).sum()) in (1, 2, 4)  # sides of 1 or 2 pixels
    True
    """
    # TODO: look each name up, run its transforms one after the other.
    # Trap: the order is the policy's, the generator goes to every transform, and a typing error must not pass silently.
    raise NotImplementedError
