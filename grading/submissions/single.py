"""One handed-in .py file: a folder with nothing else in it."""

import os
import shutil
import stat
from pathlib import Path

from ..sandbox import limits
from ..verdicts import Unusable


def copy(source: Path, target: Path) -> None:
    handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unusable("it is no file")
        if os.fstat(handle).st_size > limits.SUBMISSION_BYTES:
            raise Unusable(f"more than {limits.SUBMISSION_BYTES >> 20} MB")
        target.mkdir(parents=True)
        with (target / source.name).open("xb") as copied:
            shutil.copyfileobj(file, copied)
