"""Random views of pictures: what a classifier must not care about."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["random_views"]


def random_views(
    x: Tensor,
    generator: torch.Generator,
    degrees: float = 12.0,
    zoom: float = 0.12,
    shift: float = 0.08,
    colour: float = 0.0,
    noise: float = 0.0,
) -> Tensor:
    """Each picture turned, zoomed, moved, and on request tinted and made noisy, all independently per sample.

    Args:
        x: (B, C, H, W).
        generator: of the draws, on x's device.
        degrees: the largest turn to either side.
        zoom: the largest change of size, of width and height apart from each other, as a fraction.
        shift: the largest move, as a fraction of the side.
        colour: the largest change of each channel's gain; half of it is the largest offset.
        noise: the largest standard deviation of the noise.

    Returns:
        Tensor shaped like x; what comes in from outside repeats the border's pixels.

    >>> views = random_views(torch.rand(2, 3, 8, 8), torch.Generator().manual_seed(0), colour=0.1, noise=0.1)
    >>> views.shape
    torch.Size([2, 3, 8, 8])
    """

    def uniform(*shape: int) -> Tensor:
        return 2 * torch.rand(shape, generator=generator, device=x.device) - 1

    count, channels = x.shape[:2]
    angle = uniform(count) * math.radians(degrees)
    width, height = 1 + zoom * uniform(count), 1 + zoom * uniform(count)
    matrix = torch.stack(
        [
            torch.stack([angle.cos() * width, -angle.sin() * height, 2 * shift * uniform(count)], dim=1),
            torch.stack([angle.sin() * width, angle.cos() * height, 2 * shift * uniform(count)], dim=1),
        ],
        dim=1,
    )
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    views = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    if colour:
        views = views * (1 + colour * uniform(count, channels, 1, 1)) + colour / 2 * uniform(count, channels, 1, 1)
    if noise:
        deviation = noise * uniform(count, 1, 1, 1).abs()
        views = views + deviation * torch.randn(x.shape, generator=generator, device=x.device)
    return views
