"""Slow packages that a submission mentions, imported once for all of its workers: each would take seconds for it.

Only well-known ones, and only where they are installed: a submission's text says which of them, and nothing else. What
lies among its own files under such a name goes before, and what its course forbids is not imported at all.
"""

import contextlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from ....paths import ROOT

PACKAGES = {
    "torchvision": "torchvision.transforms",
    "diffusers": "diffusers",
    "transformers": "transformers",
    "matplotlib": "matplotlib.pyplot",
    "scipy": "scipy",
    "einops": "einops",
    "PIL": "PIL.Image",
}
_MENTIONED = re.compile(rf"^\s*(?:import|from)\s+({'|'.join(PACKAGES)})\b", re.MULTILINE)
_NEEDED = ("__main__", "torch", "numpy", "safetensors", "psutil", "jaxtyping")  # by what runs beside student code
_LOOKED_AT = 200_000  # characters of each file
# Where the formulas' networks have it from: the package of that file is not to be imported here.
_OPERATORS = ROOT / "reference" / "networks" / "_torchvision.py"


def preload(code: Path, forbidden: Sequence[str]) -> None:
    kept_out = {name.split(".")[0] for name in forbidden}
    for package in sorted(_mentioned(code) - kept_out):
        with contextlib.suppress(Exception):  # it says so where it is imported
            if package in ("torchvision", "diffusers", "transformers"):
                declare_operators()
            importlib.import_module(PACKAGES[package])


def declare_operators() -> None:
    """Let torchvision be imported beside a CPU build of torch."""
    spec = importlib.util.spec_from_file_location("torchvision_operators", _OPERATORS)
    if spec is not None and spec.loader is not None and spec.name not in sys.modules:
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.declare_missing_operators()


def make_room(folder: Path) -> None:
    """A submission's own module goes before the package of that name."""
    lies_here = {path.stem if path.suffix == ".py" else path.name for path in folder.iterdir() if _is_importable(path)}
    forget({name for name in lies_here - {*_NEEDED, *sys.stdlib_module_names} if name in sys.modules})


def forget(packages: Collection[str]) -> None:
    """Have these imported anew. To look through all modules would copy a thousand pages of memory for each worker."""
    if packages:
        for name in [name for name in sys.modules if name.split(".")[0] in packages]:
            del sys.modules[name]


def _is_importable(path: Path) -> bool:
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _mentioned(code: Path) -> set[str]:
    return {package for text in _texts(code) for package in _MENTIONED.findall(text)}


def _texts(code: Path) -> Iterator[str]:
    for place, _, files in os.walk(code):
        for name in files:
            if name.endswith(".py"):
                with contextlib.suppress(OSError), open(Path(place, name), encoding="utf-8", errors="replace") as file:
                    yield file.read(_LOOKED_AT)
