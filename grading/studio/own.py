"""A picture of one's own: opened, cut to a square that one chooses, and scaled to what a network takes."""

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError
from torch import Tensor

__all__ = ["MEGAPIXELS", "Cut", "NotAPicture", "cut", "opened", "outlined", "scaled", "tensor"]

MEGAPIXELS = 64  # of a file that is opened; a telephone's largest has 50, and each takes 3 MB of memory
SHOWN = 480  # pixels of the longer side, where the whole picture is shown


class NotAPicture(ValueError):
    """A file that cannot be used as one; says which, and why."""


@dataclass(frozen=True)
class Cut:
    """A square within a picture.

    Args:
        side: of the largest square that fits, in (0, 1].
        right: where it lies, from 0, at the left edge, to 1, at the right one.
        down: the same, from the upper edge to the lower one.
    """

    side: float = 1.0
    right: float = 0.5
    down: float = 0.5


def opened(path: Path) -> Image.Image:
    """The picture in a file, upright and on white where it is transparent.

    Raises:
        NotAPicture: it is none, or it is damaged, or has more than ``MEGAPIXELS``.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            if width * height > MEGAPIXELS * 1e6:
                raise NotAPicture(
                    f"{path.name}: {width} × {height} pixels are too many, expected at most {MEGAPIXELS} megapixels"
                )
            image.draft("RGB", (2048, 2048))  # a JPEG is read at a half, a quarter or an eighth of its size
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except UnidentifiedImageError:
        raise NotAPicture(f"{path.name}: expected a picture such as PNG, JPEG or WebP") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # of a damaged PNG, Pillow says SyntaxError
        raise NotAPicture(f"{path.name}: this picture cannot be read to its end ({error})") from None
    white = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(white, upright).convert("RGB")


def _box(size: tuple[int, int], chosen: Cut) -> tuple[int, int, int, int]:
    """Left, upper, right and lower edge in pixels.

    >>> _box((300, 200), Cut()), _box((300, 200), Cut(side=0.5, right=1, down=0))
    ((50, 0, 250, 200), (200, 0, 300, 100))
    """
    width, height = size
    side = max(1, round(chosen.side * min(size)))
    left, upper = round(chosen.right * (width - side)), round(chosen.down * (height - side))
    return left, upper, left + side, upper + side


def cut(image: Image.Image, chosen: Cut) -> Image.Image:
    """The square alone."""
    return image.crop(_box(image.size, chosen))


def outlined(image: Image.Image, chosen: Cut) -> Image.Image:
    """The whole picture, small, with what is cut away paled and the square in a frame."""
    small = ImageOps.contain(image, (SHOWN, SHOWN), Image.Resampling.LANCZOS)
    box = _box(small.size, chosen)
    whole = Image.blend(small, Image.new("RGB", small.size, "white"), 0.65)
    whole.paste(small.crop(box), box)
    ImageDraw.Draw(whole).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=(40, 90, 200), width=3)
    return whole


def scaled(image: Image.Image, size: int) -> Image.Image:
    """A square picture as large as the network takes it; each pixel is a mean of those that it stands for."""
    return image.resize((size, size), Image.Resampling.LANCZOS)


def tensor(image: Image.Image) -> Tensor:
    """(1, 3, H, W) in [-1, 1]."""
    pixels = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
    return pixels.view(1, image.height, image.width, 3).permute(0, 3, 1, 2).float() / 127.5 - 1
