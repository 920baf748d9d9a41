"""Open a hand-in: a copy of it in a folder of its own, under the name of its package, for as long as it is graded."""

import contextlib
import keyword
import os
import site
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from ..contract.functions import MODULES
from ..paths import ROOT
from ..verdicts import Unusable
from . import folder as folders
from . import kits

PACKAGE = "submission"  # where the folder's own name cannot be one


@dataclass(frozen=True)
class Submission:
    """What was handed in, ready to be graded. It is gone when the ``with`` block that opened it ends."""

    folder: Path  # a copy; its name is the package's
    origin: Path  # what was handed in
    notes: tuple[str, ...] = ()  # what the report has to say of it: files left out, and why
    kit: kits.Found | None = None  # the course's own kit that it fills in

    @property
    def package(self) -> str:
        return self.folder.name

    @property
    def adapted(self) -> bool:
        """Whether every function may come from one file: adapters.py, or a kit's."""
        return self.kit is not None or (self.folder / "adapters.py").is_file()


@contextlib.contextmanager
def opened(path: Path, kit: str = "") -> Iterator[Submission]:
    """The submission at ``path``. :class:`Unusable` says what was expected where it cannot be graded.

    ``kit`` names the course kit that it fills in, "none" where it is none; otherwise what lies there tells.
    """
    source = _existing(path)
    with tempfile.TemporaryDirectory(prefix="submission-") as scratch:
        folder = Path(scratch) / package_name(source)
        notes = folders.copy(source, folder, str(path))
        found = _kit(folder, kit)
        if found is not None:
            kits.install(found, folder)
            notes += [f"{found.kit.title}: graded as it was handed in", *found.survey.notes]
        else:
            _expect_modules(path, folder)
        yield Submission(folder, path, tuple(notes), found)


def package_name(folder: Path) -> str:
    """The folder's own name, if a package can have it and nothing else does, within the folder or installed."""
    name = folder.name
    shadowed = (folder / f"{name}.py").exists() or (folder / name).exists()
    possible = name.isidentifier() and not keyword.iskeyword(name) and not _is_taken(name)
    return name if possible and not shadowed else PACKAGE


def _is_taken(name: str) -> bool:
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    return name in sys.stdlib_module_names or name == "grading" or PathFinder.find_spec(name, installed) is not None


def _existing(path: Path) -> Path:
    expected = f"expected a folder with {MODULES[0]}.py, {MODULES[1]}.py, … or an adapters.py"
    try:
        if not path.exists():
            raise Unusable(f"{path}: there is no such folder")
        if not path.is_dir():
            raise Unusable(f"{path}: {expected}, got a file")
        folder = path.resolve()
        os.listdir(folder)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from error
    if folder == ROOT:
        raise Unusable(f"{path}: this is the grader's own folder")
    return folder


def _kit(folder: Path, asked: str) -> kits.Found | None:
    """The kit that is filled in; a submission in the contract's own form is none, unless one is asked for."""
    in_form = any((folder / name).exists() for name in (*(f"{module}.py" for module in MODULES), "adapters.py"))
    return None if in_form and not asked else kits.find(folder, asked)


def _expect_modules(path: Path, folder: Path) -> None:
    expected = (*(f"{module}.py" for module in MODULES), *MODULES, "adapters.py")
    if not any((folder / name).exists() for name in expected):
        raise Unusable(f"{path}: none of {', '.join(f'{m}.py' for m in MODULES)} or adapters.py is in this folder")
