"""An object in the place of what is not here. It takes whatever is done to it, until its value is used for a result."""

import types
from collections.abc import Iterator
from typing import Any, NoReturn

from torch import nn

from ...crossing.values import Absent, NotHere

#: Whether modules are being imported. What they iterate over then is for show; in a call it would be a result.
importing = False

_USED = (
    "add sub mul truediv floordiv mod divmod pow matmul and xor lshift rshift radd rsub rmul rtruediv rfloordiv rmod "
    "rdivmod rpow rmatmul rand rxor rlshift rrshift iadd isub imul itruediv ifloordiv imod ipow imatmul iand ixor neg "
    "pos abs invert bool int float complex index round len contains lt le gt ge eq ne array reversed next"
)


class StandIn(Absent):
    """``name`` as the student writes it, such as "cv2.resize", and why it is not here."""

    def __init__(self, name: str, why: str, cause: BaseException | None = None) -> None:
        vars(self).update(_name=name, _why=why, _cause=cause)

    def used(self) -> NotHere:
        error = NotHere(self._name, self._why)
        error.__cause__ = self._cause
        return error

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._name}.{name}", self._why, self._cause)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Of a class or function, what a decorator makes of it: itself."""
        only = arguments[0] if len(arguments) == 1 and not named else None
        return only if isinstance(only, type | types.FunctionType) else self

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __getitem__(self, key: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        if not importing:
            raise self.used()
        return iter(())

    def __mro_entries__(self, bases: tuple) -> tuple[type, ...]:
        return () if Base in bases else (Base,)

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __subclasscheck__(self, cls: Any) -> bool:
        return False

    def __or__(self, other: Any) -> Any:
        """In an annotation, ``cv2.Mat | None``."""
        if other is None or isinstance(other, type):
            return self
        raise self.used()

    __ror__ = __or__

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<{self._name}: {self._why}>"

    def __format__(self, form: str) -> str:
        return repr(self)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> NoReturn:
        raise next(one for one in _flat([args, kwargs or {}]) if isinstance(one, StandIn)).used()


def _refuses(self: StandIn, *_: Any) -> NoReturn:
    raise self.used()


for _name in _USED.split():
    setattr(StandIn, f"__{_name}__", _refuses)


class Base(nn.Module):
    """In the place of a class that is not here, such as a trainer's module: what is not of the student's own is for show."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("_"):
                raise
            why = f"a class that {type(self).__name__} is made of is not here"
            return StandIn(f"{type(self).__name__}.{name}", why)


class Module(types.ModuleType):
    """A module that is not here: all names in it are stand-ins."""

    def __init__(self, name: str, shown: str, why: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__shown__, self.__why__ = shown, why

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return StandIn(f"{self.__shown__}.{name}", self.__why__)


def why(value: Any) -> str:
    """Why this is not here; nothing for what is."""
    if isinstance(value, Module):
        return value.__why__
    return vars(value)["_why"] if isinstance(value, StandIn) else ""


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield value
