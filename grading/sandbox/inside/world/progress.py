"""Progress bars that iterate and show nothing: in the place of tqdm where it is not installed, or wants a browser."""

import importlib.abc
import importlib.util
import types
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from typing import Any


class Bar:
    """``tqdm(timesteps)``, or ``tqdm(total=100)`` that is told how far it is."""

    def __init__(self, iterable: Iterable[Any] = (), *_: Any, **__: Any) -> None:
        self.iterable, self.n = iterable, 0

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)  # type: ignore[arg-type]

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: int = 1) -> None:
        self.n += n

    def __getattr__(self, name: str) -> Any:
        """``set_description``, ``set_postfix``, ``write``, ``close``, …: all of them only show something."""
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


def trange(*arguments: int, **_: Any) -> Bar:
    return Bar(range(*arguments))


class Loader(importlib.abc.Loader):
    """Of tqdm, and of each module in it."""

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        made = types.ModuleType(spec.name)
        made.__path__ = []
        vars(made).update(tqdm=Bar, trange=trange, tqdm_notebook=Bar, tnrange=trange)
        return made

    def exec_module(self, module: types.ModuleType) -> None:
        pass


class InNotebooks(importlib.abc.MetaPathFinder):
    """The bars of notebooks, which tqdm itself draws nowhere else."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, Loader()) if name == "tqdm.notebook" else None
