"""The notebook's side: the cells that were run so far go to a grader in another process, and what it says is shown."""

import json
import subprocess
import sys

from ..contract.functions import all_tasks, chosen
from ..paths import ROOT
from .magic import Shown, register, shell

_SEEDS = 1 << 32
_graders: list[subprocess.Popen] = []  # the one that is warm, once there is one


def check(*names: str, seed: int | None = None) -> Shown:
    """Grade functions of this notebook: ``check("ddpm.posterior_step")``, ``check("ddpm")``, ``check()`` for all.

    A function counts as its cell was run last. ``seed`` draws the same inputs again.
    """
    try:
        tasks = chosen(",".join(names), list(all_tasks())) if names else list(all_tasks())
    except ValueError as error:
        return Shown(str(error))
    if seed is not None and not 0 <= seed < _SEEDS:
        return Shown(f"seed={seed}: expected a whole number from 0 to 2**32 - 1")
    running = shell()
    if running is None:
        return Shown("check: expected a notebook, whose cells are graded; for files there is python -m grading grade")
    there = [task for task in tasks if _is_there(task, running.user_ns)]
    if not there:
        name = tasks[0].split(".")[1]
        return Shown(f"{name} is not defined in this notebook: run its cell first")
    return Shown(**_answer({"cells": running.history_manager.input_hist_raw[1:], "tasks": there, "seed": seed}))


def _is_there(task: str, names: dict) -> bool:
    return task.split(".")[1] in names or task.replace(".", "_") in names


def _answer(request: dict) -> dict[str, str]:
    grader = _graders[0] if _graders and _graders[0].poll() is None else _started()
    try:
        grader.stdin.write(json.dumps(request) + "\n")  # type: ignore[union-attr]
        grader.stdin.flush()  # type: ignore[union-attr]
        said = grader.stdout.readline()  # type: ignore[union-attr]
    except KeyboardInterrupt:  # nobody is to be handed the answer to this at the next request
        grader.kill()
        grader.wait()
        raise
    if not said:
        return {"text": f"the grader is at fault: its process ended with code {grader.wait()}"}
    return json.loads(said)


def _started() -> subprocess.Popen:
    """It ends when this process does: nothing more comes to it then."""
    command = [sys.executable, "-m", "grading.notebook.grader"]
    # A session of its own: an interrupt of the kernel's is for this side.
    _graders[:] = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            encoding="utf-8",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
    ]
    return _graders[0]


register(check, all_tasks())
