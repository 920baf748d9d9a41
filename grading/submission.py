"""A submission as it is handed in: a folder with the contract's module files, or with an adapters.py."""

from pathlib import Path

from .zygote import ROOT

MAX_BYTES = 100 << 20  # a data set or a checkpoint among the files is a mistake, and every worker gets a copy


class Unusable(Exception):
    """The submission or the arguments cannot be used; the message says what was expected."""


def locate(path: Path, modules: tuple[str, ...]) -> Path:
    """The folder to grade, checked: it exists, holds something that can be graded, and is not too large."""
    if not path.exists():
        raise Unusable(f"{path}: there is no such folder")
    if not path.is_dir():
        raise Unusable(
            f"{path}: expected a folder with {modules[0]}.py, {modules[1]}.py, … or an adapters.py, got a file"
        )
    folder = path.resolve()
    expected = (*(f"{module}.py" for module in modules), *modules, "adapters.py")
    if not any((folder / name).exists() for name in expected):
        raise Unusable(f"{path}: none of {', '.join(f'{m}.py' for m in modules)} or adapters.py is in this folder")
    if folder == ROOT:
        raise Unusable(f"{path}: this is the grader's own folder")
    size = 0
    for file in folder.rglob("*"):
        size += file.lstat().st_size
        if size > MAX_BYTES:
            raise Unusable(f"{path}: more than {MAX_BYTES >> 20} MB; leave out data sets and checkpoints")
    return folder
