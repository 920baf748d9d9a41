"""What was made, as files: a sheet of all pictures, an animation where there is one, and what pictures it was made of."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from ..pictures.report import animate, sheet
from .work import Work

__all__ = ["save", "save_inputs"]


def save(work: Work, out: Path) -> list[Path]:
    """``out``, a PNG file with the sides beside each other, and a GIF file beside it; nothing where nothing was made."""
    made = [side.made for side in work.sides if side.made is not None and side.made.rows]
    if not made:
        return []
    sheet(made[0], beside=made[1] if len(made) > 1 else None).save(out)
    files = [out]
    for number, one in enumerate(made):
        if one.frames is not None:
            files.append(out.with_name(f"{out.stem}{number or ''}.gif"))
            animate(one.frames, files[-1])
    return files


def save_inputs(settings: Any, folder: Path) -> list[Path]:
    """Copies of the pictures among the settings, under the names that the command line calls them."""
    given = (getattr(settings, one.name) for one in dataclasses.fields(settings))
    return [Path(shutil.copy(path, folder / path.name)) for path in given if isinstance(path, Path)]
