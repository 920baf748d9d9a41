"""Tensors as PNG files."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

__all__ = ["grid", "save_grid"]


def grid(images: Tensor, columns: int, low: float | None = None, scale: int = 2, gap: int = 2) -> Image.Image:
    """Pictures side by side, row by row.

    Args:
        images: (N, C, H, W), C is 1 or 3.
        columns: pictures in a row.
        low: the value of black; white is 1. By default 0 for one channel (digits) and -1 for three.
        scale: pixels of the result for a pixel of the picture, each way.
        gap: white pixels between pictures.

    >>> grid(torch.zeros(5, 1, 4, 4), columns=3, scale=1, gap=1).size
    (16, 11)
    """
    low = (0.0 if images.shape[1] == 1 else -1.0) if low is None else low
    levels = ((images.detach().float().cpu() - low) / (1 - low)).clamp(0, 1).mul(255).round().to(torch.uint8)
    levels = levels.expand(-1, 3, -1, -1).repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3)
    height, width = levels.shape[2] + gap, levels.shape[3] + gap
    rows = -(-len(levels) // columns)
    sheet = torch.full((rows * height + gap, columns * width + gap, 3), 255, dtype=torch.uint8)
    for index, picture in enumerate(levels):
        top, left = gap + index // columns * height, gap + index % columns * width
        sheet[top : top + height - gap, left : left + width - gap] = picture.permute(1, 2, 0)
    return Image.fromarray(sheet.numpy())


def save_grid(images: Tensor, path: Path, columns: int, **settings: float) -> None:
    """Write `grid` as a PNG file."""
    grid(images, columns, **settings).save(path, optimize=True)  # type: ignore[arg-type]
