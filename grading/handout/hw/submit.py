"""The zip to hand in: everything in ``homework/``, or a kit's sources, unless something in it is refused."""

from __future__ import annotations

import ast
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .course import HOMEWORK, IN_A_KIT, SETTINGS, Unusable
from .lent.blackout import blacked_out
from .sources import files

_CHECKPOINTS = (".pt", ".pth", ".ckpt", ".safetensors", ".pkl", ".pickle", ".bin", ".h5", ".onnx", ".joblib")
_DATA = (".npy", ".npz", ".parquet", ".mat", ".tfrecord", ".gz", ".tar", ".zip", ".tgz", ".bz2", ".xz", ".7z", ".csv")
_SETS = ("mnist", "fashionmnist", "cifar-10-batches-py", "cifar10", "datasets", "dataset", "checkpoints")
_CODE = (".py", ".ipynb")
_LARGEST = 5 << 20  # bytes of one file; a larger one is data, whatever it is called
_MEGABYTE = 1 << 20


def submit(out: Path) -> str:
    """Write the zip; what was written, in words."""
    partial = out.with_name(out.name + ".part")
    try:
        accepted = _accepted()
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for path in accepted:
                archive.write(path, path.relative_to(HOMEWORK).as_posix())
        size, limit = partial.stat().st_size, SETTINGS["limit_mb"]
        if limit is not None and size > limit * _MEGABYTE:
            partial.unlink()
            raise Unusable(f"nothing was written: {size / _MEGABYTE:.1f} MB; the course takes at most {limit:g} MB")
        os.replace(partial, out)
    except OSError as error:
        raise Unusable(f"nothing was written: {error.filename or out}: {error.strerror}") from error
    return f"{out} is written: {len(accepted)} files, {size / _MEGABYTE:.2f} MB. Hand it in."


def _accepted() -> list[Path]:
    """The files of the homework, if none of them is refused."""
    found = list(files())
    problems = [problem for path in found for problem in _refused(path)]
    if not any(path.suffix in _CODE for path in found):
        problems.append(f"{HOMEWORK.name}/: expected .py files or notebooks, there are none")
    if problems:
        raise Unusable("\n".join(["nothing was written:", *(f"  {problem}" for problem in problems)]))
    return found


def _refused(path: Path) -> Iterator[str]:
    within = HOMEWORK if IN_A_KIT else HOMEWORK.parent
    name, ending = path.relative_to(within).as_posix(), path.suffix.lower()
    folders = [part.lower() for part in path.relative_to(HOMEWORK).parts[:-1]]
    size = path.stat().st_size
    if ending in _CHECKPOINTS:
        yield f"{name}: a checkpoint is not handed in"
    elif ending in _DATA or "ubyte" in path.name or (ending not in _CODE and set(folders) & set(_SETS)):
        yield f"{name}: data are not handed in"
    elif size > _LARGEST:
        yield f"{name}: {size / _MEGABYTE:.1f} MB: data, or a checkpoint, is not handed in"
    else:
        yield from _said(name, ending, path.read_bytes())


def _said(name: str, ending: str, content: bytes) -> Iterator[str]:
    """What is wrong with a file's text."""
    if ending == ".py":
        try:
            ast.parse(content, name)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            yield f"{name}{f', line {line}' if line else ''}: it does not parse: {getattr(error, 'msg', error)}"
    if ending == ".ipynb":
        try:
            json.loads(content.decode("utf-8"))
        except ValueError as error:
            yield f"{name}: it is no notebook: {error}"
    for number, (line, shown) in enumerate(_lines(content.decode("utf-8", "replace")), 1):
        if line != shown:
            yield f"{name}, line {number}: this looks like a password or a token: {shown.strip()[:80]}"


def _lines(text: str) -> list[tuple[str, str]]:
    """Each line, and what is left of it when credentials are blacked out; those of several lines keep their number."""
    return list(zip(text.split("\n"), blacked_out(text).split("\n")))
