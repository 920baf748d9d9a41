"""Progress bars that iterate and show nothing: in the place of tqdm where it is not installed, or wants a browser."""

import types
from collections.abc import Iterable, Iterator
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


def module(name: str) -> types.ModuleType:
    made = types.ModuleType(name)
    made.__path__ = []
    vars(made).update(tqdm=Bar, trange=trange, tqdm_notebook=Bar, tnrange=trange)
    return made
