"""Emoji as Google's font holds them, bitmaps of 136 × 128 pixels, at any smaller size: for more than the sheet has."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
FONT_SIZE = 109  # the only size at which FreeType opens the font's bitmaps
GLYPH = 136  # the wider side of such a bitmap


class MissingSourceError(FileNotFoundError):
    """A package that pictures are made from is not there; the message says how to get it."""


def open_font(path: Path) -> ImageFont.FreeTypeFont:
    """The font, for :func:`draw`."""
    if not path.is_file():
        raise MissingSourceError(f"no emoji font at {path}. Get it by: apt-get install fonts-noto-color-emoji")
    # Basic layout: one glyph for one code point, whatever shaping library there is.
    return ImageFont.truetype(str(path), FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def draw(character: str, font: ImageFont.FreeTypeFont, size: int) -> np.ndarray:
    """One emoji on white, (size, size, 3): its bitmap as the font holds it, then made smaller with antialiasing."""
    canvas = Image.new("RGB", (GLYPH, GLYPH), "white")
    left, top, right, bottom = map(int, font.getbbox(character))
    corner = ((GLYPH - (right - left)) // 2 - left, (GLYPH - (bottom - top)) // 2 - top)
    ImageDraw.Draw(canvas).text(corner, character, font=font, embedded_color=True)
    return np.asarray(canvas.resize((size, size), Image.Resampling.LANCZOS))
