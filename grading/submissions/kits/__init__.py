"""The courses' own starter kits: students hand in what the course gave them, filled in, and nobody rewrites it.

| file           | holds                                                                                     |
| -------------- | ----------------------------------------------------------------------------------------- |
| ``kit``        | what a kit is: its TODOs by graded function, how it is found, what it leaves free          |
| ``parsing``, ``blanks`` | students' text as a syntax tree; what a kit leaves blank, and whether it is filled in |
| ``eecs498`` …  | one course's kit each, on our side: it parses what was handed in and never runs it         |
| ``install``    | puts the kit's adapters beside the student's files                                         |
| ``adapters/``  | the other half: files that travel into the worker, and call the student's own code there   |

A kit's adapters define the contract's functions, ``ddpm_predict_x0`` and so on, on top of the student's own classes,
functions and loops. Checks, explanations, isolation, reports and course files serve unchanged.
"""

from collections.abc import Collection
from pathlib import Path

from ...verdicts import Unusable
from . import cmu16726, cs180, eecs498, kaist492d
from .install import install
from .kit import Found, Kit, Survey, Todo

KITS: tuple[Kit, ...] = (eecs498.KIT, cmu16726.KIT, kaist492d.KIT, cs180.KIT)
NAMES = tuple(kit.name for kit in KITS)
NONE = "none"

__all__ = ["KITS", "NAMES", "NONE", "Found", "Kit", "Survey", "Todo", "asked_by", "find", "install", "named"]


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


def asked_by(functions: Collection[str]) -> Kit:
    """The kit that asks for most of a course's functions.

    Raises:
        Unusable: no kit asks for any.
    """
    kit = max(KITS, key=lambda one: len(set(one.todos) & set(functions)))
    if not set(kit.todos) & set(functions):
        raise Unusable(f"--kit: no kit asks for a function of this course; there are {', '.join(NAMES)}")
    return kit


def named(name: str) -> Kit | None:
    """The kit of this name; None for no name. :class:`Unusable` where there is none."""
    expect_known(name)
    return next((kit for kit in KITS if kit.name == name), None)


def expect_known(asked: str) -> None:
    if asked not in ("", NONE, *NAMES):
        raise Unusable(f"--kit {asked}: there is no such kit; there are {', '.join(NAMES)}, and none")


def _survey(kit: Kit, folder: Path) -> Survey | None:
    """What of a kit is there. Students' files hold anything; one that a kit stumbles over is none of its files."""
    try:
        return kit.survey(folder)
    except Exception:
        return None
