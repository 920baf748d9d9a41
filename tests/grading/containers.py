"""Hand-ins for the tests, made on the spot: archives, honest and hostile, and notebooks."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

from .conftest import PLAIN

_OF_A_PACKAGE = (
    "from .",
    "from noising",
    "from ddpm",
    "from ddim",
    "from guidance",
    "from illusions",
    "from __future__",
)


def modules(*names):
    """Module files of a right solution, by their names."""
    return {f"{name}.py": (PLAIN / f"{name}.py").read_bytes() for name in names}


def as_one_file(*names):
    """The same functions in one file, which imports none of the others."""
    texts = [(PLAIN / f"{name}.py").read_text(encoding="utf-8") for name in names]
    return "\n".join(line for text in texts for line in text.split("\n") if not line.startswith(_OF_A_PACKAGE))


def zipped(path, files, flags=0, mode=None):
    """A .zip with these files; a ``mode`` as unix has it makes links and devices of them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.flag_bits |= flags
            if mode is not None:
                info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, content)
    return path


def tarred(path, files, *members):
    """A .tar or .tar.gz with these files, and with ``members`` as they are."""
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for member in members:
            archive.addfile(member)
    return path


def member(name, kind, leads_to=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info


def notebook(path, *cells, kernel="python", **more):
    """A notebook with these code cells; one that begins with ``#!`` is a text cell."""
    found = []
    for text in cells:
        cell = {"cell_type": "markdown" if text.startswith("#!") else "code", "metadata": {}, "source": text}
        found.append(cell if text.startswith("#!") else cell | {"outputs": [], "execution_count": None})
    metadata = {"kernelspec": {"language": kernel, "name": kernel, "display_name": kernel}}
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": found} | more
    Path(path).write_text(json.dumps(document), encoding="utf-8")
    return path
