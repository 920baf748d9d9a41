"""A recipe's settings as words of a command line, and back."""

import dataclasses
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from ..verdicts import Unusable

__all__ = ["command", "expect_complete", "read"]

_T = TypeVar("_T")
WORDS = {"yes": True, "no": False}


def read(kind: type[_T], words: Iterable[str]) -> _T:
    """Settings of ``NAME=VALUE`` words; what is not named keeps its default.

    >>> @dataclasses.dataclass(frozen=True)
    ... class Settings:
    ...     steps: int = 25
    ...     eta: float = 0.0
    >>> read(Settings, ["eta=0.5"])
    Settings(steps=25, eta=0.5)
    """
    kinds, given = get_type_hints(kind), dict[str, Any]()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in kinds:
            raise Unusable(f"--set {word}: expected NAME=VALUE with a name out of {', '.join(kinds)}")
        given[name] = _value(word, kinds[name], value)
    return kind(**given)


def expect_complete(settings: Any) -> None:
    """A field of a page can be emptied."""
    for one in dataclasses.fields(settings):
        if getattr(settings, one.name) is None and one.default is not None:
            raise Unusable(f"{one.name}: expected a value such as {one.default}, got nothing")


def command(path: Path | None, name: str, settings: Any, whose: str, out: str) -> str:
    """The command line that makes this again. What has its default is left out; files are named as they are saved."""
    defaults = type(settings)()
    chosen = {one.name: getattr(settings, one.name) for one in dataclasses.fields(settings)}
    words = [f"{key}={_word(value)}" for key, value in chosen.items() if value != getattr(defaults, key)]
    ours = [str(path), "--whose", whose] if path is not None else []
    sets = ["--set", *words] if words else []
    return shlex.join(["nox", "-s", "studio", "--", *ours, "--make", name, *sets, "--out", out])


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.name if isinstance(value, Path) else f"{value}"


def _value(word: str, kind: Any, value: str) -> Any:
    kind = next((one for one in get_args(kind) if one is not type(None)), kind)  # of ``Path | None``: Path
    try:
        return WORDS[value] if kind is bool else kind(value)
    except (KeyError, ValueError):
        expected = (
            " or ".join(WORDS) if kind is bool else {int: "a whole number", float: "a number"}.get(kind, "a word")
        )
        raise Unusable(f"--set {word}: expected {expected}") from None
