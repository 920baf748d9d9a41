"""What is drawn on a canvas, as a network takes it: colours, and a mask of where they are."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..verdicts import Unusable
from .own import read

__all__ = ["drawn"]

COVERED = 0.25  # of a network's pixel, from which on it is drawn on: a stroke may be thinner than that pixel


def drawn(path: Path | None, size: int) -> tuple[Tensor, Tensor]:
    """What is drawn (1, 3, size, size) in [-1, 1], white where nothing is, and its mask (1, 1, size, size), 1 = drawn on.

    A file without transparency is drawn on everywhere.

    Raises:
        Unusable: nothing is drawn, or the file is no picture.
    """
    if not path:
        raise Unusable("nothing is drawn yet: draw on the canvas, then ask again")
    weighed = read(path).convert("RGBa").resize((size, size), Image.Resampling.BOX)  # colours times what they cover
    pixels = torch.from_numpy(np.array(weighed)).permute(2, 0, 1)[None].float() / 255
    colours, covered = pixels[:, :3], pixels[:, 3:]
    mask = (covered >= COVERED).float()
    if not mask.any():
        raise Unusable("nothing is drawn yet: draw on the canvas, then ask again")
    return torch.where(mask > 0, colours / covered.clamp(min=COVERED), 1.0).clamp(0, 1) * 2 - 1, mask
