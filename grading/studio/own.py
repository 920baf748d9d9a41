"""A picture of one's own: opened, cut to a square that one chooses, and scaled to what a network takes."""

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError
from torch import Tensor

from reference.data import load, photo

from ..verdicts import Unusable

__all__ = ["MEGAPIXELS", "PHOTOGRAPH", "Own", "cut", "mask_of", "opened", "outlined", "read", "scaled", "tensor"]

MEGAPIXELS = 64  # of a file that is opened; a telephone's largest has 50, and each takes 4 MB of memory
PHOTOGRAPH = "photograph"
SHOWN = 480  # pixels of the longer side, where the whole picture is shown


@dataclass(frozen=True)
class Own:
    """What a recipe asks for that begins with a picture: a file, and a square within it.

    Args:
        picture: of one's own.
        shipped: in the place of one: an emoji by its name, or the photograph.
        side: of the largest square that fits, in (0, 1].
        right: where it lies, from 0, at the left edge, to 1, at the right one.
        down: the same, from the upper edge to the lower one.
    """

    picture: Path | None = None
    shipped: str = "cat face"
    side: float = 1.0
    right: float = 0.5
    down: float = 0.5

    def whole(self) -> Image.Image:
        """The whole picture."""
        if self.picture is not None:
            return opened(self.picture)
        pictures = photo() if self.shipped == PHOTOGRAPH else load("emoji")
        if self.shipped not in (PHOTOGRAPH, *pictures.prompts):
            raise Unusable(f"shipped: expected {PHOTOGRAPH!r} or the name of an emoji, got {self.shipped!r}")
        place = 0 if self.shipped == PHOTOGRAPH else pictures.prompts.index(self.shipped)
        return Image.fromarray(pictures.images[place].permute(1, 2, 0).numpy())

    def pixels(self, size: int) -> Tensor:
        """(1, 3, size, size) in [-1, 1]: the square, scaled."""
        return tensor(scaled(cut(self.whole(), self), size))


def opened(path: Path) -> Image.Image:
    """The picture in a file, upright and on white where it is transparent.

    Raises:
        Unusable: it is none, or it is damaged, or has more than ``MEGAPIXELS``; says which file, and why.
    """
    upright = read(path)
    white = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(white, upright).convert("RGB")


def mask_of(path: Path, size: int) -> Tensor:
    """(1, 1, size, size): 1 where anything is painted, that is, not transparent; or not black, where nothing is.

    Raises:
        Unusable: as ``opened``, or nothing is painted.
    """
    painted = read(path)
    opaque = painted.getchannel("A").getextrema() == (255, 255)
    strength = painted.convert("L") if opaque else painted.getchannel("A")
    mask = (tensor(strength.resize((size, size), Image.Resampling.BOX))[:, :1] > -1).float()
    if not mask.any():
        raise Unusable("mask: nothing is painted yet; paint over what is to be drawn anew")
    return mask


def read(path: Path) -> Image.Image:
    """As ``opened``, with what is transparent left transparent."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            if width * height > MEGAPIXELS * 1e6:
                raise Unusable(
                    f"{path.name}: {width} × {height} pixels are too many, expected at most {MEGAPIXELS} megapixels"
                )
            return ImageOps.exif_transpose(image).convert("RGBA")
    except (UnidentifiedImageError, IsADirectoryError):
        raise Unusable(f"{path.name}: expected a picture such as PNG, JPEG or WebP") from None
    except FileNotFoundError:
        raise Unusable(f"{path}: there is no such file") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # of a damaged PNG, Pillow says SyntaxError
        raise Unusable(f"{path.name}: this picture cannot be read to its end ({error})") from None


def _box(size: tuple[int, int], own: Own) -> tuple[int, int, int, int]:
    """Left, upper, right and lower edge in pixels.

    >>> _box((300, 200), Own()), _box((300, 200), Own(side=0.5, right=1, down=0))
    ((50, 0, 250, 200), (200, 0, 300, 100))
    """
    width, height = size
    side = max(1, round(own.side * min(size)))
    left, upper = round(own.right * (width - side)), round(own.down * (height - side))
    return left, upper, left + side, upper + side


def cut(image: Image.Image, own: Own) -> Image.Image:
    """The square alone."""
    return image.crop(_box(image.size, own))


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height, as large as the whole picture is shown.

    >>> _fitting((960, 640)), _fitting((32, 32))
    ((480, 320), (480, 480))
    """
    width, height = (max(1, round(SHOWN * side / max(size))) for side in size)
    return width, height


def outlined(image: Image.Image, own: Own) -> Image.Image:
    """The whole picture, small, with what is cut away paled and the square in a frame."""
    small = image.resize(_fitting(image.size), Image.Resampling.LANCZOS, reducing_gap=2)
    box = _box(small.size, own)
    whole = Image.blend(small, Image.new("RGB", small.size, "white"), 0.65)
    whole.paste(small.crop(box), box)
    ImageDraw.Draw(whole).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=(40, 90, 200), width=3)
    return whole


def scaled(image: Image.Image, size: int) -> Image.Image:
    """A square picture as large as the network takes it."""
    return image.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3)


def tensor(image: Image.Image) -> Tensor:
    """(1, 3, H, W) in [-1, 1]."""
    pixels = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
    return pixels.view(1, image.height, image.width, 3).permute(0, 3, 1, 2).float() / 127.5 - 1
