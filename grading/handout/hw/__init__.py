"""Checks for your homework: ``python -m hw check``, ``python -m hw check --watch`` and ``python -m hw submit``.

In a notebook: ``from hw import check``, then ``check("ddpm.posterior_step")`` after a cell or ``%%check`` on top of it.

| file or folder | holds                                                                    |
| -------------- | ------------------------------------------------------------------------ |
| ``verdict``    | one function: all its checks, and what they come to                      |
| ``points``     | checks against the results in ``public/``                                |
| ``properties`` | what holds of a right function whose result is random, a network, a search |
| ``student``    | your function, and what a call of it came to                             |
| ``files``, ``cells`` | where your functions are written: in files, or in a notebook        |
| ``compare``    | two results that may differ by so much                                   |
| ``watch``      | again whenever a file is saved; what of it is new                        |
| ``round``      | a process that is ready to check, started ahead of each save             |
| ``saved``, ``changes``, ``order`` | which files were saved, which functions that touches, which is next |
| ``notebook``, ``magic``, ``page`` | ``check`` in a notebook; ``%%check``; what a cell shows |
| ``limit``, ``undisturbed`` | what does not end is interrupted; the notebook goes on as it was |
| ``submit``     | the zip to hand in                                                       |
| ``crossing/``  | a call and what came of it; the networks that your functions are given   |
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """``check``, whose import loads torch, for whoever asks for it."""
    if name == "check":
        from .notebook import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
