"""The courses' own starter kits: students hand in what the course gave them, filled in, and nobody rewrites it.

| file           | holds                                                                                     |
| -------------- | ----------------------------------------------------------------------------------------- |
| ``kit``        | what a kit is: its TODOs by graded function, how it is found, what it leaves free          |
| ``parsing``, ``blanks`` | students' text as a syntax tree; what a kit leaves blank, and whether it is filled in |
| ``eecs498`` …  | one course's kit each, on our side: it parses what was handed in and never runs it         |
| ``adapters/``  | the other half: files that travel into the worker, and call the student's own code there   |

A kit's adapters define the contract's functions, ``ddpm_predict_x0`` and so on, on top of the student's own classes,
functions and loops. Checks, explanations, isolation, reports and course files serve unchanged.
"""

import json
import shutil
from pathlib import Path

from ...paths import KIT_PACKAGE
from ...verdicts import Unusable
from . import cmu16726, cs180, eecs498, kaist492d
from .kit import Found, Kit, Survey, Todo

KITS: tuple[Kit, ...] = (eecs498.KIT, cmu16726.KIT, kaist492d.KIT, cs180.KIT)
NAMES = tuple(kit.name for kit in KITS)
NONE = "none"
_ADAPTERS = Path(__file__).parent / "adapters"

__all__ = ["KITS", "NAMES", "NONE", "Found", "Kit", "Survey", "Todo", "find", "install"]


def find(folder: Path, asked: str = "") -> Found | None:
    """The kit that lies in a folder; the one that is ``asked`` for, or none for "none".

    Raises:
        Unusable: there is no such kit, or nothing of it was handed in.
    """
    if asked == NONE:
        return None
    expect_known(asked)
    surveys = [(kit, _survey(kit, folder)) for kit in KITS if asked in ("", kit.name)]
    found = [Found(kit, survey) for kit, survey in surveys if survey is not None]
    if asked and not found:
        raise Unusable(f"--kit {asked}: none of that kit's files is in this submission")
    return max(found, key=lambda one: (one.size, one.size / len(one.kit.todos)), default=None)


def expect_known(asked: str) -> None:
    if asked not in ("", NONE, *NAMES):
        raise Unusable(f"--kit {asked}: there is no such kit; there are {', '.join(NAMES)}, and none")


def _survey(kit: Kit, folder: Path) -> Survey | None:
    """What of a kit is there. Students' files hold anything; one that a kit stumbles over is none of its files."""
    try:
        return kit.survey(folder)
    except Exception:
        return None


def install(found: Found, folder: Path) -> None:
    """Put the kit's adapters into a copy of the submission, with what they call the student's files.

    They are the file of the kit's name, and whatever begins with that name.
    """
    for name, text in found.survey.written.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = folder / KIT_PACKAGE
    shutil.rmtree(package, ignore_errors=True)  # the name is ours
    package.mkdir()
    for source in _ADAPTERS.glob("*.py"):  # a kit's own are KIT.py, which is the package, and KIT_….py
        if source.stem in ("common", found.kit.name) or source.stem.startswith(f"{found.kit.name}_"):
            shutil.copyfile(source, package / ("__init__.py" if source.stem == found.kit.name else source.name))
    (package / "files.json").write_text(json.dumps(dict(found.survey.files)))
