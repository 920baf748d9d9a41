"""Open a hand-in: a copy of it in a folder of its own, under the name of its package, for as long as it is graded."""

import contextlib
import keyword
import os
import site
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path

from ..contract import courses
from ..contract.courses import Course
from ..contract.functions import MODULES
from ..paths import ROOT
from ..sandbox.crossing import places
from ..sandbox.crossing.places import Place
from ..verdicts import GraderFault, Unusable
from . import archive, finding, inner, kits, notebook, single
from . import folder as folders

PACKAGE = "submission"  # where the folder's own name cannot be one
EXPECTED = "a folder, a .py file, a notebook (.ipynb), or a .zip, .tar or .tar.gz of them"


@dataclass(frozen=True)
class Submission:
    """What was handed in, ready to be graded. It is gone when the ``with`` block that opened it ends."""

    folder: Path  # a copy; its name is the package's
    origin: Path  # what was handed in
    notes: tuple[str, ...] = ()  # what the report has to say of it: files left out, and why
    places: Mapping[str, Place] = field(default_factory=dict)  # of functions that have no module file at the top
    kit: kits.Found | None = None  # the course's own kit that it fills in

    @property
    def package(self) -> str:
        return self.folder.name

    def course(self, asked: Course | None = None) -> Course:
        """The course that it is graded by, cut down to what its kit asks for: the one that is asked for, or its kit's."""
        if self.kit is None:
            return asked or courses.load("all")
        return (asked or courses.load(self.kit.course)).of_kit(self.kit.kit.todos)

    def file_of(self, task: str) -> str:
        """The file that is imported for a task, where no adapters.py has it."""
        return places.file_of(self.folder, *task.split("."))


@contextlib.contextmanager
def opened(path: Path, limit_mb: float | None = None, kit: str = "") -> Iterator[Submission]:
    """The submission at ``path``. :class:`Unusable` says what was expected where it cannot be graded.

    ``limit_mb`` is how large a file may be that is handed in, by the course's own rule. ``kit`` names the course's own
    kit that it fills in, "none" where it is none; otherwise what lies there tells.
    """
    source = _existing(path)
    with tempfile.TemporaryDirectory(prefix="submission-") as scratch:
        files = Path(scratch) / "files"
        room = archive.Room()
        notes = _taken(path, source, files, room, limit_mb)
        root = _outermost(files)
        notes += inner.open_all(root, room)
        root = _outermost(root)
        folder = Path(scratch) / "package" / package_name(root, source.name if root == files else root.name)
        folder.parent.mkdir()
        root.rename(folder)
        found, said = finding.find(folder)
        filled = _kit(folder, kit)
        if filled is not None:
            kits.install(filled, folder)
            said = [f"{filled.kit.title}: graded as it was handed in", *filled.survey.notes]
            found = {}
        elif not found and not finding.is_laid_out(folder):
            raise Unusable(_nothing_in(path, folder, notes))
        if found:
            places.write(folder, found)
        yield Submission(folder, path, (*notes, *said), found, filled)


def package_name(folder: Path, name: str | None = None) -> str:
    """The folder's own name, if a package can have it and nothing else does, within the folder or installed."""
    name = folder.name if name is None else name
    shadowed = (folder / f"{name}.py").exists() or (folder / name).exists()
    possible = name.isidentifier() and not keyword.iskeyword(name) and not _is_taken(name)
    return name if possible and not shadowed else PACKAGE


def _is_taken(name: str) -> bool:
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    return name in sys.stdlib_module_names or name == "grading" or PathFinder.find_spec(name, installed) is not None


def _existing(path: Path) -> Path:
    try:
        if not path.exists():
            raise Unusable(f"{path}: there is no such folder or file")
        source = path.resolve()
        if source.is_dir():
            os.listdir(source)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from error
    if source == ROOT:
        raise Unusable(f"{path}: this is the grader's own folder")
    return source


def _taken(path: Path, source: Path, files: Path, room: archive.Room, limit_mb: float | None) -> list[str]:
    """What was handed in, as a folder; what was left out of it."""
    if source.is_dir():
        return folders.copy(_outermost(source), files, str(path))
    try:
        size = source.stat().st_size
        if limit_mb is not None and size > limit_mb * (1 << 20):
            raise Unusable(f"{size / (1 << 20):.1f} MB; the course takes at most {limit_mb:g} MB")
        if archive.kind(source):
            return archive.unpack(source, files, room)
        if notebook.is_notebook(source):
            return notebook.split(source, files / f"{source.name.removesuffix('.ipynb')}.ipynb", room)
        if source.suffix == ".py":
            single.copy(source, files)
            return []
    except Unusable as why:
        raise Unusable(f"{path}: {why}") from None
    except OSError as error:
        if error.errno in folders.OURS:
            raise GraderFault(f"{path} cannot be copied: {error.strerror}") from error
        raise Unusable(f"{path}: cannot be read: {error.strerror}") from error
    raise Unusable(f"{path}: expected {EXPECTED}, got a file of another kind")


def _outermost(folder: Path) -> Path:
    """Where the hand-in begins: a folder that holds nothing but one folder is a wrapping."""
    with contextlib.suppress(OSError):  # what cannot be read is said where it is copied
        while not finding.is_laid_out(folder):
            inside = [one for one in folder.iterdir() if not folders.is_ignored(one.name)]
            if len(inside) != 1 or inside[0].is_symlink() or not inside[0].is_dir() or inside[0].suffix == ".ipynb":
                break
            folder = inside[0]
    return folder


def _kit(folder: Path, asked: str) -> kits.Found | None:
    """The kit that is filled in: the one that is asked for, or one of which more is there than of the contract.

    A ``ddpm.py`` with one of its functions is none of a kit's files, whatever classes and helpers stand beside it; nor is
    a ``unet.py`` with one of its networks, where nothing else of the kit is there.
    """
    if not asked and finding.keeps_to_the_contract(folder):  # asked first: to survey the kits takes ten times as long
        return None
    kit = kits.find(folder, asked)
    if kit is None or asked:
        return kit
    if kit.networks_alone and finding.has_networks_of_the_contract(folder):
        return None
    return kit if kit.size > finding.number_defined(folder) else None


def _nothing_in(path: Path, folder: Path, notes: list[str]) -> str:
    files = ", ".join(f"{module}.py" for module in MODULES)
    why = "; ".join([*notes, *finding.unreadable(folder)][:3])
    if path.is_file():
        nothing = f"no graded function is in it: expected {files}, an adapters.py, or functions by their names"
    else:
        nothing = f"none of {files} or adapters.py is in this folder, and no graded function in another file"
    return f"{path}: {nothing}" + f" ({why})" * bool(why)
