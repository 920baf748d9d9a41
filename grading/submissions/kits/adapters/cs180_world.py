"""The world that a notebook expects: CUDA and half precision that cost nothing, and random numbers that are ours."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_LOW = (torch.float16, torch.bfloat16, torch.float32)
_COMPARED = {
    "lt": False, "le": False, "less": False, "__lt__": False, "__le__": False,
    "gt": True, "ge": True, "greater": True, "__gt__": True, "__ge__": True,
}  # fmt: skip

Normal = Callable[[tuple[int, ...]], Any]  # a tensor, or None


class World(TorchFunctionMode):
    """While it is open, floats are of one ``dtype``, devices are forgotten, and draws come from where we say.

    ``normal(shape)`` gives Gaussian noise, ``times`` what ``rand`` gives, ``integers(low, high)`` what ``randint``
    gives. Where uniform numbers are held against a probability, ``keep`` says who is kept.
    """

    def __init__(
        self,
        dtype: torch.dtype,
        normal: Normal | None = None,
        times: Tensor | None = None,
        integers: Callable[[int, int], Tensor] | None = None,
        keep: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.dtype, self.normal, self.times, self.integers, self.keep = dtype, normal, times, integers, keep
        self._uniform: list[Tensor] = []  # what has been given out: a comparison asks for one of them

    def __enter__(self) -> Any:
        self._state, self._seed = torch.get_rng_state(), torch.default_generator.initial_seed()
        self._default = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        torch.set_default_dtype(self._default)
        if torch.default_generator.initial_seed() != self._seed:  # a kit's samplers take a seed
            torch.default_generator.manual_seed(self._seed)
            torch.set_rng_state(self._state)

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        name, given = getattr(func, "__name__", ""), self._ours(kwargs or {})
        if name in ("cuda", "half", "bfloat16", "float", "double"):
            return args[0].to(self.dtype) if name != "cuda" else args[0]
        if name == "to" or (name == "type" and len(args) > 1 and isinstance(args[1], torch.dtype)):
            return self._converted(args[0], [*args[1:], *(kwargs or {}).values()])
        drawn = self._drawn(name, args, given)
        return func(*map(self._low, args), **given) if drawn is None else drawn

    def _ours(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in kwargs.items() if name not in ("device", "generator", "pin_memory")}
        return {name: self._low(value) for name, value in kept.items()}

    def _low(self, value: Any) -> Any:
        return self.dtype if isinstance(value, torch.dtype) and value in _LOW else value

    def _converted(self, x: Tensor, wanted: list[Any]) -> Tensor:
        for one in map(self._low, wanted):
            if isinstance(one, Tensor):
                one = one.dtype
            if isinstance(one, torch.dtype):
                return x.to(one)
        return x

    def _drawn(self, name: str, args: tuple, given: dict[str, Any]) -> Tensor | None:
        if name in ("randn_like", "randn", "normal", "normal_", "standard_normal") and self.normal is not None:
            return self._gaussian(name, args, given)
        if name in ("rand", "rand_like") and (self.times is not None or self.keep is not None):
            return self._given_out(_shape(name, args, given))
        if name in ("randint", "randint_like") and self.integers is not None:
            bounds = [one for one in args if isinstance(one, int)] + [
                given[one] for one in ("low", "high") if one in given
            ]
            low, high = (0, bounds[0]) if len(bounds) == 1 else bounds[:2]
            shape = given.get(
                "size", next((tuple(one) for one in args if isinstance(one, tuple | list | torch.Size)), ())
            )
            return self._in_shape(self.integers(low, high), shape)
        if self.keep is not None and name == "bernoulli":
            odds = float(torch.as_tensor(args[0]).flatten()[0])
            return self._in_shape((self.keep if odds > 0.5 else 1 - self.keep).to(self.dtype), args[0].shape)
        if self.keep is not None and name in _COMPARED and any(args[0] is one for one in self._uniform):
            above = _COMPARED[name] == (float(args[1]) < 0.5)
            return self._in_shape((self.keep if above else 1 - self.keep) > 0, args[0].shape)
        return None

    def _gaussian(self, name: str, args: tuple, given: dict[str, Any]) -> Tensor | None:
        assert self.normal is not None
        noise = self.normal(_shape(name, args, given))
        if noise is None or name != "normal":
            return noise
        mean, std = args[0] if args else given.get("mean", 0.0), args[1] if len(args) > 1 else given.get("std", 1.0)
        return mean + std * noise

    def _given_out(self, shape: tuple[int, ...]) -> Tensor:
        source = self.times if self.times is not None else self.keep
        assert source is not None
        self._uniform.append(self._in_shape(source.to(self.dtype), shape))
        return self._uniform[-1]

    def _in_shape(self, values: Tensor, shape: Any) -> Tensor:
        """One per sample, in the shape that was asked for; where another number was asked for, as they are."""
        shape = tuple(int(one) for one in shape)
        if int(torch.tensor(shape).prod()) == values.numel():
            return values.reshape(shape).clone()
        return values.reshape(-1, *[1] * (len(shape) - 1)).clone()


def _shape(name: str, args: tuple, given: dict[str, Any]) -> tuple[int, ...]:
    """The shape that a draw asks for."""
    if name in ("randn_like", "rand_like", "normal_"):
        return tuple(args[0].shape)
    if "size" in given:
        return tuple(given["size"])
    if name == "normal":
        sized = next((one for one in (*args, *given.values()) if isinstance(one, tuple | list | torch.Size)), None)
        tensor = next((one for one in (*args, *given.values()) if isinstance(one, Tensor)), None)
        return tuple(sized if sized is not None else tensor.shape if tensor is not None else ())
    return tuple(args[0]) if args and not isinstance(args[0], int) else tuple(args)
