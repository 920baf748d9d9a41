"""The pictures that the demonstrations and experiments train on, shipped as PNG sheets in ``fixtures/data``.

Nothing is downloaded. ``load(name)`` cuts a sheet into its tiles, after its SHA-256 has been checked:

| name    | pictures                                     | shape    | train + test  |
|---------|----------------------------------------------|----------|---------------|
| digits  | MNIST                                        | 1, 28²   | 4,000 + 1,000 |
| fashion | Fashion-MNIST                                | 1, 28²   | 2,000 + 500   |
| emoji   | Noto Color Emoji on white, all groups        | 3, 64²   | 422 + 43      |
| faces   | emoji's group "face": the few-shot source    | 3, 64²   | 92 + 10       |
| cats    | emoji's group "cat": the few-shot target     | 3, 64²   | 10 + 1        |
| animals | the heads of emoji's cats and other animals  | 3, 64²   | 25 + 4        |

and ``photo()`` gives the one photograph.

All 5,000 shipped digits, those for testing too, are from MNIST's own training set: whoever trains on the full set
has to test on the full set. The shipped garments keep to Fashion-MNIST's split.
"""

import hashlib
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from .._arguments import refuse
from .._fixtures import FIXTURES
from ..shapes import Number
from .emoji import FONT, draw, open_font
from .idx import FOUND_AS, find_idx, read_idx

FOLDER = FIXTURES / "data"
#: The names that :func:`load` knows, with the sheet and (for a subset) the classes that each takes from it.
SHEETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "digits": ("digits", ()),
    "fashion": ("fashion", ()),
    "emoji": ("emoji", ()),
    "faces": ("emoji", ("face",)),
    "cats": ("emoji", ("cat",)),
    "animals": ("emoji", ("cat", "animal")),
}
SETS = tuple(SHEETS)
SPLITS = ("train", "test", "all")
DRAWN = 128  # the size of emoji that is not on the sheet


@dataclass(frozen=True, eq=False)
class Pictures:
    """A set of pictures of one size, each with a label and a prompt.

    Args:
        name: the set's name, one of :data:`SETS`.
        split: "train", "test" or "all".
        images: uint8 (N, C, H, W).
        labels: int64 (N,), indices into ``classes``.
        classes: the classes' names.
        prompts: one name per picture, as a prompt would say it.
        licence: of the pictures.
        source: where they come from.
    """

    name: str
    split: str
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    prompts: tuple[str, ...]
    licence: str
    source: str

    def __len__(self) -> int:
        return len(self.images)

    def floats(self, low: Number = 0.0, high: Number = 1.0) -> Tensor:
        """The images as float32, byte 0 at ``low`` and byte 255 at ``high``.

        Args:
            low: what black becomes.
            high: what white becomes.

        Returns:
            float32 (N, C, H, W).

        Raises:
            ValueError: low is not below high.
        """
        if not low < high:
            refuse("high", f"a number above low = {low}", high)
        return (self.images.float() / 255).mul_(high - low).add_(low)

    def of(self, *classes: str) -> "Pictures":
        """Only the pictures of some classes, in the order in which they are here.

        Args:
            classes: names from ``self.classes``.

        Returns:
            Pictures whose ``classes`` are those given and whose labels are indices into them.

        Raises:
            ValueError: an unknown class, one given twice, or none.
        """
        if not classes or len(set(classes)) < len(classes) or not set(classes) <= set(self.classes):
            refuse("classes", f"different names out of {', '.join(self.classes)}", classes)
        new_label = torch.full((len(self.classes),), -1)
        for new, name in enumerate(classes):
            new_label[self.classes.index(name)] = new
        labels = new_label[self.labels]
        return replace(_select(self, labels >= 0), labels=labels[labels >= 0], classes=classes)


def load(
    name: str, split: str = "train", size: int | None = None, full: bool = False, root: str | Path | None = None
) -> Pictures:
    """One set of pictures.

    Args:
        name: one of :data:`SETS`.
        split: "train", "test", or "all": train, then test.
        size: height and width. 64, 32 (means over 2 × 2 pixels) or 128 (drawn anew from the font, which does not
            ship) for emoji and its subsets; 28 for the rest. None is as shipped.
        full: all 60,000 + 10,000 digits or garments, from idx files that are not shipped.
        root: the folder to look for those files in; None for the usual places (see :func:`.idx.usual_places`).

    Returns:
        The pictures, on the CPU.

    Raises:
        ValueError: an unknown name, split or size; full for a set that has no more; root without full; a sheet that
            is not the one in the manifest.
        FileNotFoundError: a sheet is missing, or the font, or a full set: the message says how to get it.

    >>> digits = load("digits", split="test")
    >>> tuple(digits.images.shape), digits.classes[digits.labels[-1]], digits.prompts[-1]
    ((1000, 1, 28, 28), '9', 'digit 9')
    >>> cats = load("cats", size=32).floats(-1, 1)
    >>> cats.dtype, tuple(cats.shape[1:])
    (torch.float32, (3, 32, 32))
    """
    if name not in SHEETS:
        refuse("name", f"one of {', '.join(SETS)}", name)
    if split not in SPLITS:
        refuse("split", f"one of {', '.join(SPLITS)}", split)
    if full and name not in FOUND_AS:
        refuse("full", f"False for {name}: only {' and '.join(FOUND_AS)} have more pictures than are shipped", full)
    if root is not None and not full:
        refuse("root", "None unless full=True: the shipped sheets have one place", root)
    sheet_name, groups = SHEETS[name]
    about = _manifest()[sheet_name]
    sizes = (64, 32, DRAWN) if sheet_name == "emoji" else (about["tile"],)
    if size is not None and size not in sizes:
        refuse("size", f"{' or '.join(map(str, sizes))} for {name}", size)
    if full:
        return _full(name, split, about, None if root is None else Path(root))
    pictures = _shipped(name, split, about, size)
    if groups:
        pictures = pictures.of(*groups)
    if name == "animals":
        pictures = _select(pictures, torch.tensor([_is_head(prompt) for prompt in pictures.prompts]))
    return replace(pictures, images=_halved(pictures.images)) if size == 32 else pictures


def photo() -> Pictures:
    """A photograph of a cat, 64 × 64, which no network was trained on: for edits of real pictures.

    >>> photo().images.shape, photo().licence
    (torch.Size([1, 3, 64, 64]), 'CC0')
    """
    return _shipped("photo", "test", _manifest()["photo"])


def _select(pictures: Pictures, mask: Tensor) -> Pictures:
    prompts = tuple(prompt for prompt, kept in zip(pictures.prompts, mask.tolist()) if kept)
    return replace(pictures, images=pictures.images[mask], labels=pictures.labels[mask], prompts=prompts)


def _is_head(prompt: str) -> bool:
    """Chosen by eye, alike enough for a generator: the faces among the animals, but a dragon's, and three more."""
    return ("face" in prompt and prompt != "dragon face") or prompt in ("koala", "owl", "raccoon")


def _halved(images: Tensor) -> Tensor:
    """Means over 2 × 2 pixels, rounded."""
    return F.avg_pool2d(images.float(), 2).round().to(torch.uint8)


def _manifest() -> dict[str, Any]:
    file = FOLDER / "manifest.json"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing. {_restore(file)}")
    try:
        return json.loads(file.read_text(encoding="utf-8"))["sheets"]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{file} is damaged ({error!r}). {_restore(file)}") from error


def _restore(file: Path) -> str:
    return f"Restore it by: git checkout -- fixtures/data/{file.name}"


def _verified(file: Path, sha256: str) -> bytes:
    """A shipped file's bytes, if they are the manifest's."""
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing. {_restore(file)}")
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{file} is not the file in the manifest: SHA-256 {found}, not {sha256}. {_restore(file)}")
    return data


def _cut(about: dict[str, Any], count: int) -> Tensor:
    """A sheet's first ``count`` tiles, (count, C, tile, tile)."""
    tile, columns = about["tile"], about["columns"]
    with Image.open(io.BytesIO(_verified(FOLDER / about["file"], about["sha256"]))) as image:
        pixels = torch.from_numpy(np.array(image))
    grid = pixels.reshape(len(pixels) // tile, tile, columns, tile, -1).permute(0, 2, 4, 1, 3)
    return grid.reshape(-1, grid.shape[2], tile, tile)[:count].clone()


def _drawn(about: dict[str, Any]) -> Tensor:
    """The sheet's emoji as the font has them, (N, 3, 128, 128)."""
    font = open_font(FONT)
    glyphs = [draw(chr(int(picture["code"].removeprefix("U+"), 16)), font, DRAWN) for picture in about["pictures"]]
    return torch.from_numpy(np.stack(glyphs)).permute(0, 3, 1, 2).contiguous()


def _listed(about: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Label, prompt and split of each tile of a sheet, in its order."""
    if "pictures" in about:
        return [(about["classes"].index(p["group"]), p["name"], p["split"]) for p in about["pictures"]]
    return [
        (label, name, split)
        for label, name in enumerate(about["names"])
        for split, count in about["per_class"].items()
        for _ in range(count)
    ]


def _shipped(name: str, split: str, about: dict[str, Any], size: int | None = None) -> Pictures:
    labels, prompts, splits = zip(*_listed(about), strict=True)
    images = _drawn(about) if size == DRAWN else _cut(about, len(labels))
    wanted = ("train", "test") if split == "all" else (split,)
    order = [i for part in wanted for i in range(len(labels)) if splits[i] == part]
    return Pictures(
        name=name,
        split=split,
        images=images[order],
        labels=torch.tensor(labels)[order],
        classes=tuple(about["classes"]),
        prompts=tuple(prompts[i] for i in order),
        licence=about["licence"],
        source=about["source"],
    )


def _full(name: str, split: str, about: dict[str, Any], root: Path | None) -> Pictures:
    parts = []
    for part in ("train", "test") if split == "all" else (split,):
        files = [find_idx(name, part, kind, root) for kind in ("images", "labels")]
        pixels, labels = map(read_idx, files)
        if pixels.shape != (len(labels), 28, 28) or labels.ndim != 1 or labels.max(initial=0) > 9:
            raise ValueError(f"{files[0]} and {files[1]}: expected N images of 28 × 28 and N labels in 0 … 9")
        parts.append((torch.from_numpy(pixels)[:, None], torch.from_numpy(labels).long()))
    every_label = torch.cat([labels for _, labels in parts])
    return Pictures(
        name=name,
        split=split,
        images=torch.cat([images for images, _ in parts]),
        labels=every_label,
        classes=tuple(about["classes"]),
        prompts=tuple(about["names"][label] for label in every_label.tolist()),
        licence=about["licence"],
        source=f"{FOUND_AS[name][0]}, the full set",
    )
