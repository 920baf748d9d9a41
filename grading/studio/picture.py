"""Pictures and drawings from files, as the networks take them."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ..verdicts import Unusable

__all__ = ["drawn", "photo"]

MEGAPIXELS = 64  # a decoded picture takes four bytes a pixel
COVERED = 0.25  # of a network's pixel, from which on it is drawn: a stroke is thinner than that pixel


def photo(path: Path, size: int) -> Tensor:
    """(1, 3, size, size) in [-1, 1]: the largest square in the middle, scaled; upright as the camera says."""
    image = ImageOps.fit(ImageOps.exif_transpose(_opened(path)).convert("RGB"), (size, size), Image.Resampling.BOX)
    return _tensor(image) * 2 - 1


def drawn(path: Path | None, size: int) -> tuple[Tensor, Tensor]:
    """What is drawn (1, 3, size, size), white where nothing is, and its mask (1, 1, size, size), 1 = drawn.

    A file without transparency is drawn on everywhere.
    """
    if path is None:
        raise Unusable("drawing: nothing is drawn yet")
    rgba = _tensor(_opened(path).convert("RGBA").convert("RGBa").resize((size, size), Image.Resampling.BOX))
    colours, covered = rgba[:, :3], rgba[:, 3:]  # colours weighed by how much they cover
    mask = (covered >= COVERED).float()
    if not mask.any():
        raise Unusable("drawing: nothing is drawn yet")
    return torch.where(mask > 0, colours / covered.clamp(min=1e-3), 1.0).clamp(0, 1) * 2 - 1, mask


def _opened(path: Path) -> Image.Image:
    try:
        image = Image.open(path)
        if image.width * image.height > MEGAPIXELS * 1e6:
            raise Unusable(f"{path.name}: expected at most {MEGAPIXELS} megapixels, got {image.width} × {image.height}")
        image.draft("RGB", (2048, 2048))  # a photograph need not be decoded in full
        image.load()
        return image
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Unusable(f"{path.name}: expected a picture (PNG, JPEG, WebP, …): {error}") from None


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
