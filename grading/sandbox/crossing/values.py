"""What an argument of a graded call can be, besides plain numbers, strings, lists and tensors."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from . import probes


@dataclass(frozen=True)
class Leaf:
    """A tensor that requires grad on the side where it is used."""

    tensor: Tensor


def fresh(value: Any) -> Any:
    """A copy to call with: the function may change its arguments in place, and a noise source counts its calls."""
    if isinstance(value, Leaf):
        return Leaf(value.tensor.clone())
    return value.clone() if isinstance(value, Tensor) else copy.copy(value)


def all_fresh(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fresh(value) for name, value in arguments.items()}


@dataclass(frozen=True)
class Derived:
    """``probe(argument)``, computed on the side where it is used so that autograd reaches the argument."""

    probe: str
    of: str


@dataclass(frozen=True)
class Seeded:
    """A ``torch.Generator`` with this seed, from which some numbers have been drawn already."""

    seed: int
    drawn: int = 0


@dataclass(frozen=True)
class Probe:
    """A function of :mod:`probes`, by name. Called directly it is that function, in the dtype of its input."""

    name: str

    def __call__(self, *args: Any) -> Any:
        return probes.build(self.name)(*args)


@dataclass(frozen=True)
class Remote:
    """A function of the other side, by number; calling it is a round trip, and another one its gradient."""

    number: int
    differentiable: bool = False


class NotHere(ImportError):
    """Something that the student's code needs for a result cannot be had in a worker."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{why}: `{name}` cannot be computed")
        self.why = why


class Absent:
    """In the place of such a thing; it cannot be a result."""

    def used(self) -> NotHere:
        raise NotImplementedError


@dataclass(frozen=True)
class Opaque:
    """Something that has no business crossing the boundary, described by its type and a short repr."""

    type_name: str
    text: str

    def __repr__(self) -> str:
        return f"{self.type_name}: {' '.join(self.text.split())}"


def materialise(
    arguments: dict[str, Any], remote: Callable[[Remote], Callable] | None = None
) -> tuple[dict[str, Any], dict[str, nn.Module]]:
    """Turn the descriptions into live objects: leaves, tensors attached to them, probes, and what ``remote`` makes of
    functions of the other side.

    The second value holds the networks among them, by the argument that they are or that was computed with them.
    """
    live: dict[str, Any] = {}
    networks: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, Leaf):
            live[name] = value.tensor.detach().clone().requires_grad_()
        elif isinstance(value, Probe):
            live[name] = networks[name] = probes.build(value.name)
        elif isinstance(value, Seeded):
            live[name] = torch.Generator().manual_seed(value.seed)
            torch.rand(value.drawn, generator=live[name])
        elif isinstance(value, Remote) and remote is not None:
            live[name] = remote(value)
        else:
            live[name] = value
    for name, value in arguments.items():
        if isinstance(value, Derived):
            networks[name] = probes.build(value.probe)
            live[name] = networks[name](live[value.of])
    return live, {name: network for name, network in networks.items() if isinstance(network, nn.Module)}
