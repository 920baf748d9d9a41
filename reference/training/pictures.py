"""The real pictures of a generator: a shipped set or a folder of one's own, in colour on white, at the asked-for size."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ..data import SETS, load
from ..data.emoji import MissingSourceError

__all__ = ["CALLED", "real_pictures"]

#: What a set is called here besides its name.
CALLED = {"garments": "fashion"}
GREY = ("digits", "fashion")
FEWEST = 8


def real_pictures(data: str, resolution: int, full: bool = False) -> Tensor:
    """What a generator shall learn to make.

    Args:
        data: a shipped set: emoji and its subsets are as sharp as the resolution allows, digits and garments become
            dark on white with a margin, and no sharper beyond 32 pixels; or a folder of pictures, of which the middle
            square is taken.
        resolution: height and width, 32, 64 or 128.
        full: all garments or digits.

    Returns:
        float32 (N, 3, resolution, resolution) in [-1, 1].

    Raises:
        FileNotFoundError: emoji at 128 pixels without their font; the message says how to get it.
        ValueError: no set and no folder; a folder of fewer than 8 pictures.

    >>> real_pictures("garments", 32).shape
    torch.Size([2000, 3, 32, 32])
    """
    name = CALLED.get(data, data)
    if name in GREY:
        margin = F.pad(load(name, full=full).floats(), (2, 2, 2, 2))
        sized = F.interpolate(margin, size=(resolution, resolution), mode="bilinear", align_corners=False)
        return (1 - 2 * sized).expand(-1, 3, -1, -1).contiguous()
    if name in SETS:
        try:
            return load(name, size=resolution, full=full).floats(-1, 1)
        except MissingSourceError as missing:
            raise MissingSourceError(f"{missing}; or train on pictures of your own: --data FOLDER") from missing
    if not Path(data).is_dir():
        raise ValueError(f"data: expected one of {', '.join([*SETS, *CALLED])}, or a folder of pictures, got {data!r}")
    return _of_folder(Path(data), resolution)


def _of_folder(folder: Path, resolution: int) -> Tensor:
    """Whatever Pillow can open there, by name."""
    squares = [_square(path, resolution) for path in sorted(folder.iterdir()) if path.is_file()]
    pictures = [square for square in squares if square is not None]
    if len(pictures) < FEWEST:
        raise ValueError(f"data: expected at least {FEWEST} pictures in {folder}, got {len(pictures)}")
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _square(path: Path, resolution: int) -> np.ndarray | None:
    """A picture's middle square, (resolution, resolution, 3), turned as the camera says, on white; or no picture."""
    try:
        with Image.open(path) as image:
            seen = ImageOps.exif_transpose(image).convert("RGBA")
    except UnidentifiedImageError:
        return None
    white = Image.new("RGBA", seen.size, "white")
    return np.asarray(ImageOps.fit(Image.alpha_composite(white, seen).convert("RGB"), (resolution, resolution)))
