"""What the course asks for."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PUBLIC = HERE / "public"
SETTINGS = json.loads((HERE / "course.json").read_text(encoding="utf-8"))
IN_A_KIT = bool(SETTINGS["kit"])  # whose files are filled in, beside this folder
HOMEWORK = ROOT if IN_A_KIT else ROOT / "homework"
FUNCTIONS: list[str] = SETTINGS["functions"]


class Unusable(Exception):
    """What was asked for, or handed in, cannot be used; the message says what was expected."""


def chosen(names: list[str]) -> list[str]:
    """The functions that "ddpm" or "ddpm.posterior_step" mean; all of them for nothing."""
    modules = list(dict.fromkeys(task.split(".")[0] for task in FUNCTIONS))
    for name in names:
        if name not in (*modules, *FUNCTIONS):
            close = difflib.get_close_matches(name, [*modules, *FUNCTIONS], n=3, cutoff=0.4)
            meant = f"; did you mean {', '.join(close)}?" if close else f"; the modules are {', '.join(modules)}"
            raise Unusable(f"{name}: the course asks for no such module or function{meant}")
    return [task for task in FUNCTIONS if not names or task in names or task.split(".")[0] in names]
