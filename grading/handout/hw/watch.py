"""Again whenever a file is saved: only what that file holds, in a fresh process, so that no old code is left."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

from .course import HOMEWORK, ROOT

_LOOK_EVERY = 0.2  # seconds


def watch(tasks: list[str]) -> None:
    """Check everything once, then what is saved, until it is interrupted."""
    before = _saved()
    _check(tasks)
    while True:
        print("\nwaiting for a file to be saved; Ctrl-C ends it", flush=True)
        while (now := _saved()) == before:
            time.sleep(_LOOK_EVERY)
        changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
        before = now
        print(f"\n{', '.join(sorted(changed))}:", flush=True)
        _check(affected(tasks, changed))


def affected(tasks: list[str], changed: set[str]) -> list[str]:
    """The functions of the changed files; all where another file, which anything may use, has changed."""
    modules = {task.split(".")[0] for task in tasks}
    if not {name[: -len(".py")] for name in changed} <= modules:
        return tasks
    return [task for task in tasks if f"{task.split('.')[0]}.py" in changed]


def _saved() -> dict[str, int]:
    """When each file was saved; one that is being replaced is there at the next look."""
    times = {}
    for path in HOMEWORK.rglob("*.py"):
        with contextlib.suppress(OSError):
            times[path.relative_to(HOMEWORK).as_posix()] = path.stat().st_mtime_ns
    return times


def _check(tasks: list[str]) -> None:
    subprocess.run([sys.executable, "-m", "hw", "check", *tasks], cwd=ROOT)
