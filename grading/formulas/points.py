"""Where a formula and its function are evaluated: the grader's own test points in float64, samplers step by step."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..checking.points import cases
from ..contract.reference import reference_function
from ..sandbox.crossing.values import Leaf, materialise

LONGEST = 200  # entries of a table that a formula is evaluated for one by one


@dataclass(frozen=True)
class Point:
    label: str
    arguments: dict[str, Any]  # those with defaults, too; live
    result: Any


def drawn(task: str, seed: int) -> Iterator[Point]:
    """The test points of a function, with its results."""
    for (label, arguments), (_, others) in zip(live(task, seed), live(task, seed)):
        if len(arguments.get("betas", ())) <= LONGEST:
            yield Point(label, arguments, answer(task, others))  # which frees the graphs of what it is handed


def live(task: str, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The float64 points of a function, made into what it is called with."""
    for label, arguments in cases(task, seed):
        if not any(_is_float32(value) for value in arguments.values()):
            yield label, complete(task, materialise(arguments)[0])


def complete(task: str, arguments: dict[str, Any]) -> dict[str, Any]:
    bound = inspect.signature(reference_function(task)).bind_partial(**arguments)
    bound.apply_defaults()
    return dict(bound.arguments)


def answer(task: str, arguments: dict[str, Any]) -> Any:
    """The reference's own result, without a graph."""
    result = reference_function(task)(**arguments)
    return result.detach() if isinstance(result, Tensor) else result


def steps(task: str, seed: int) -> Iterator[Point]:
    """A sampler's own steps, one by one, as its network and its noise see them; noise is another one at each draw."""
    for label, arguments in live(task, seed):
        if arguments.get("clip_x0"):
            continue  # no formula tells of it
        model = _Model(arguments["eps_model"])
        draws = _Draws(seed, model.seen)
        result = answer(task, arguments | {"eps_model": model, "noise_fn": draws})
        images = [x_t for x_t, _ in model.seen] + [result]
        times = [t for _, t in model.seen] + [-1]
        zero = torch.zeros_like(result)
        for k, (x_t, t) in enumerate(model.seen):
            noises = [*draws.made.get(k + 1, []), zero, zero]
            here = {"x_t": x_t.detach().requires_grad_(), "t": t, "t_prev": times[k + 1], "noises": noises}
            yield Point(f"{label}, step {k + 1}", arguments | here | {"first": images[0]}, images[k + 1])


class _Model:
    """A network that keeps what it was asked."""

    def __init__(self, model: Callable) -> None:
        self.model = model
        self.seen: list[tuple[Tensor, Any]] = []

    def __call__(self, x_t: Tensor, t: Any) -> Tensor:
        self.seen.append((x_t.detach().clone(), t))
        return self.model(x_t, t)


class _Draws:
    """Noise that is another one at each draw, by the step in which it was drawn."""

    def __init__(self, seed: int, seen: list) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.seen = seen  # what the network was asked until then
        self.made: dict[int, list[Tensor]] = {}

    def __call__(self, x: Tensor) -> Tensor:
        noise = torch.randn(x.shape, generator=self.generator, dtype=x.dtype)
        self.made.setdefault(len(self.seen), []).append(noise)
        return noise


def _is_float32(value: Any) -> bool:
    value = value.tensor if isinstance(value, Leaf) else value
    return isinstance(value, Tensor) and value.dtype == torch.float32
