"""Latent codes. What a sampler drew is drawn again from the same seed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from reference import latents

from ...sandbox.crossing.probes import build
from ..evaluation import Normal
from ..points import Point
from ..scope import Family, Source
from . import symbols
from .levels import at

N, Z, LAYERS, MANY = 3, 4, 5, 4000


def _source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _points(function: Callable[..., Any], mapped: bool = True, cases: bool = True, **sizes: Any):
    """With draws and, where there is such a case, with the mean."""

    def points(seed: int) -> Iterator[Point]:
        mapping = {"mapping": build("Mapping")} if mapped else {}
        for from_mean in (False, True)[: 1 + cases]:
            arguments = mapping | sizes | ({"from_mean": from_mean} if cases else {})
            result = function(**arguments, generator=_source(seed)).detach()
            yield Point(f"from_mean={from_mean}", arguments | {"seed": seed}, result)

    return points


def _codes(count: str) -> Source:
    """z, and z_1, z_2, …"""

    def drawn(a: Mapping[str, Any]) -> Family:
        z = latents.sample_z(a[count], a["z_dim"], generator=_source(a["seed"]))
        return Family(lambda i: z[int(i) - 1 : int(i)], whole=z)

    return drawn


def _codes_of_layers(a: Mapping[str, Any]) -> Family:
    z = latents.sample_z(a["batch_size"] * a["num_ws"], a["z_dim"], generator=_source(a["seed"]))
    return Family(lambda layer: z.unflatten(0, (a["batch_size"], a["num_ws"]))[:, int(layer) - 1])


def _mean(a: Mapping[str, Any]) -> Any:
    return latents.mean_w(a["mapping"], a["z_dim"], generator=_source(a["seed"]))


MAPPED: dict[str, Source] = {"f": "mapping", r"\bar w": _mean}

SYMBOLS = {
    "mean_w": symbols(
        {"f": "mapping", "z": _codes("num_samples"), "n": "num_samples"},
        (r"\bar w",),
        _points(latents.mean_w, cases=False, z_dim=Z, num_samples=60),
    ),
    "sample_z": symbols(
        {"z": lambda _: Normal(torch.tensor(0.0), 1), "𝒩": lambda _: Normal},
        ("z",),
        _points(latents.sample_z, mapped=False, batch_size=MANY, z_dim=Z),
    ),
    "sample_w": symbols(MAPPED | {"z": _codes("batch_size")}, ("w",), _points(latents.sample_w, batch_size=N, z_dim=Z)),
    "sample_w_plus": symbols(
        MAPPED | {"z": _codes_of_layers, "L": "num_ws"},
        ("w^+",),
        _points(latents.sample_w_plus, batch_size=N, z_dim=Z, num_ws=LAYERS),
    ),
    "interpolate": symbols({"a": "latent_a", "b": "latent_b", "n": "num_frames"}, ("l_k",), at("latents.interpolate")),
}
