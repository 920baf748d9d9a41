"""Grade one submission: checks under pytest here, the student's code in workers, one verdict per function."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from .plugin import GradingPlugin
from .verdicts import Verdict
from .zygote import Zygote

CHECKS = Path(__file__).with_name("checks")
_UNUSED = (  # plugins that would only cost time, print, or turn a verdict into something else
    "cacheprovider doctest junitxml pastebin setuponly setupplan stepwise faulthandler unraisableexception "
    "threadexception warnings legacypath debugging logging capture terminal recwarn"
)


def grade(
    zygote: Zygote, submission: Path, tasks: list[str], seed: int, on_verdict: Callable[[Verdict], None] | None = None
) -> list[Verdict]:
    """The verdicts on ``tasks``, in their order; ``on_verdict`` is called with each as soon as it stands.

    Whatever goes wrong on this side ends as "not graded" for the functions that it touches.
    """
    verdicts: list[Verdict] = []

    def take(verdict: Verdict) -> None:
        verdicts.append(verdict)
        if on_verdict is not None:
            on_verdict(verdict)

    plugin = GradingPlugin(zygote, submission, tasks, seed, take)
    modules = sorted({task.split(".")[0] for task in tasks})
    files = [CHECKS / "test_every_function.py", *(CHECKS / f"test_{module}.py" for module in modules)]
    options = ["-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS.parents[1]), "--import-mode=importlib"]
    options += [f"--hypothesis-seed={seed}", "-p", "_hypothesis_pytestplugin"]
    for name in _UNUSED.split():
        options += ["-p", f"no:{name}"]
    reason = "the run of the checks ended early"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the tensors are small, and the student's worker needs the other core
    try:
        with _plain_pytest():
            pytest.main([*options, *map(str, files)], plugins=[plugin])
    except Exception as error:
        reason += f": {type(error).__name__}: {error}"
    finally:
        torch.set_num_threads(threads)
    for verdict in plugin.unfinished(reason):
        take(verdict)
    return verdicts


@contextlib.contextmanager
def _plain_pytest():
    """No plugin or option of the surrounding project may change how grades come about."""
    saved = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    saved["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
