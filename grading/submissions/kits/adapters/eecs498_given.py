"""Stand-ins for what the kit's files import to do what the kit gives: none of it is asked for here.

They are there whatever is installed: the kit belongs to one old diffusers, whose import takes seconds in each worker,
and its noise has to be the grader's.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any

from torch import Tensor

from .common import FOLDER, place_of, student_module

_GIVEN = ("diffusers", "torch_utils", "DiffAugment_pytorch", "matplotlib", "scipy.optimize")
_noise: list[Tensor] = []  # what the kit's random source gives
reported: dict[str, Any] = {}  # what the kit's training reports, by its name


def _drawn(shape: Any, generator: Any = None, device: Any = None, dtype: Any = None, layout: Any = None) -> Tensor:
    """The kit's randn_tensor."""
    return _noise[0]


def _report(name: str, value: Any) -> Any:
    """The kit's training_stats.report."""
    reported[name] = value
    return value


_USED = {  # what the files need to be imported, or to go by what is given
    "register_to_config": lambda init: init,
    "KarrasDiffusionSchedulers": (),
    "randn_tensor": _drawn,
    "training_stats": SimpleNamespace(report=_report),
    "misc": SimpleNamespace(ddp_sync=lambda module, sync: nullcontext()),
    "conv2d_gradfix": SimpleNamespace(no_weight_gradients=nullcontext),
}


class _StandIn:
    """Something to inherit from or to be named; it cannot be used."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        raise RuntimeError(f"{type(self).__name__} is a stand-in here: no TODO needs it")


class _Given(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _USED[name] if name in _USED else type(name, (_StandIn,), {})


def _is_given(name: str) -> bool:
    return any(f"{name}.".startswith(f"{given}.") for given in _GIVEN)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if _is_given(name) else None

    def create_module(self, spec: Any) -> ModuleType:
        return _Given(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def student_file(name: str) -> ModuleType:
    """The student's file that the kit calls so, imported among stand-ins for what the kit gives."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        for module in [one for one in sys.modules if _is_given(one)]:  # what a worker has from its start
            del sys.modules[module]
        sys.meta_path.insert(0, _Finder())
        root = str(place_of(name)[0].parent.parent)  # the kit's programs are started there
        if root.startswith(f"{FOLDER}"):
            sys.path.append(root)
    return student_module(name)


def student_class(name: str, given: str) -> Any:
    """The kit's class of this name in the student's file, or the student's own that derives from it."""
    return getattr(student_file(name), place_of(name)[1] or given)


def noise_is(noise: Tensor) -> None:
    """From now on the kit's random source draws this."""
    _noise[:] = [noise]
