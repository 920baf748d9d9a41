"""Checks for your homework: ``python -m hw check``, ``python -m hw check --watch`` and ``python -m hw submit``.

In a notebook: ``from hw import check``, then ``check("ddpm.posterior_step")`` after a cell or ``%%check`` on top of it.

| file or folder | holds                                                                    |
| -------------- | ------------------------------------------------------------------------ |
| ``verdict``    | one function: all its checks, and what they come to                      |
| ``points``     | checks against the results in ``public/``                                |
| ``properties`` | what holds of a right function whose result is random, a network, a search |
| ``student``    | your function, and what a call of it came to                             |
| ``own``        | where your functions are written, one of these three                     |
| ``files``, ``cells``, ``kit`` | in files, in a notebook, in the course's own kit            |
| ``sources``    | which files are yours                                                    |
| ``compare``    | two results that may differ by so much                                   |
| ``watch``      | again whenever a file is saved; what of it is new                        |
| ``round``      | a process that is ready to check, started ahead of each save             |
| ``notebook``, ``page`` | ``check`` in a notebook; what a cell shows                       |
| ``limit``, ``undisturbed`` | what does not end is interrupted; the notebook goes on as it was |
| ``submit``     | the zip to hand in                                                       |
| ``lent/``      | files of the grader: a call and what came of it, the networks that your functions are given, ``%%check``, … |
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """``check``, whose import loads torch, for whoever asks for it."""
    if name == "check":
        from .notebook import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
