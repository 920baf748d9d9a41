"""What the catalogue's mistakes do to a picture: files in ``docs/pictures/``, made by the shipped models.

The recipes are those of a student's page; around the one function all others are right. Each is made in a process of its
own, which a mistake that changes what it is given cannot outlast. A picture that is nearly the right one is not kept.
"""

import json
import multiprocessing
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from PIL import Image, ImageChops, ImageStat

from reference.data.grids import grid

from ..contract.reference import reference_function
from ..diagnosis.mistakes import catalogue
from ..pictures.functions import Trusted
from ..pictures.small import RECIPES
from ..pictures.worlds.shipped import Shipped
from .traps import INDEX, RIGHT

SEED = 0
QUALITY = 85  # of WebP: 4 kB for a row of four
SEEN = 6.0  # of 256 levels, in the mean: below that one sees nothing, or another picture that is as good


def make(folder: Path, told: Callable[[str], None] = print) -> None:
    """All of them, and the index that says of which mistakes there is one."""
    torch.set_num_threads(1)  # what is forked has no other
    for task in RECIPES:
        _emptied(folder / task)
        _draw(reference_function, task, folder / task / RIGHT)  # which loads the models, for all that follows
    index = {}
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for task, recipe in sorted(RECIPES.items()):
            names = [one.name for one in catalogue() if one.task == task]
            seen = pool.starmap(_is_drawn, [(task, name, folder / task / f"{name}.webp") for name in names])
            index[task] = {"caption": recipe.caption, "mistakes": dict(zip(names, seen))}
            told(f"{task}: {sum(seen)} pictures of {len(names)}")
    text = json.dumps(index, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / INDEX).write_text(text + "\n", encoding="utf-8")


def _emptied(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()


def _is_drawn(task: str, name: str, path: Path) -> bool:
    """With one mistake; whether there is a picture, and another one than the right one."""
    (wrong,) = (one.implementation for one in catalogue() if (one.task, one.name) == (task, name))
    try:
        _draw(lambda asked: wrong if asked == task else reference_function(asked), task, path)
    except Exception:  # what a mistake makes of a picture may be no picture
        return False
    if _is_seen(path, path.with_name(RIGHT)):
        return True
    path.unlink()
    return False


def _draw(functions: Callable[[str], Callable], task: str, path: Path) -> None:
    images = RECIPES[task].make(Trusted(functions), _world())
    grid(images, min(len(images), 6)).save(path, quality=QUALITY, method=6)


@cache
def _world() -> Shipped:
    return Shipped(SEED)


def _is_seen(one: Path, other: Path) -> bool:
    with Image.open(one) as wrong, Image.open(other) as right:
        far = ImageStat.Stat(ImageChops.difference(wrong.convert("RGB"), right.convert("RGB"))).mean
        return wrong.size != right.size or sum(far) / len(far) >= SEEN
