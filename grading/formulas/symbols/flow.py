"""Flow matching."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from reference import flow

from ..points import Point, live
from ..scope import Family, Source
from . import symbols
from .levels import at, per_sample
from .unet import Told, of_class, times


def _rate(a: Mapping[str, Any]) -> Tensor:
    """d x_t / d t, by autograd, at some time on the way."""
    t = torch.tensor(0.3, dtype=torch.float64)
    way = torch.autograd.functional.jvp(lambda time: (1 - time) * a["x0"] + time * a["x1"], t, torch.ones_like(t))
    return way[1]


def _chains(seed: int) -> Iterator[Point]:
    """Whole chains: what the network was asked, and the end."""
    for label, arguments in live("flow.sample_flow", seed):
        seen: list[Tensor] = []

        def asked(x: Tensor, t: Tensor, model: Any = arguments["v_model"], seen: list = seen) -> Tensor:
            seen.append(x.detach())
            return model(x, t)

        end = flow.sample_flow(asked, arguments["x0"], arguments["num_steps"]).detach()
        yield Point(label, arguments | {"seen": [*seen, end]}, torch.stack([*seen[1:], end]))


def _on_the_way(a: Mapping[str, Any]) -> Family:
    return Family(lambda time: a["seen"][round(float(time) * a["num_steps"])])


PAIR: dict[str, Source] = {"x_0": "x0", "x_1": "x1", "t": per_sample("t")}
NETWORK: dict[str, Source] = {"v_θ": lambda a: lambda x, t: a["model"](x, times(t, x))}
TOLD: dict[str, Source] = {"v_θ": lambda a: lambda x, t, c: a["model"](x, c.labels, times(t, x), c.keep)}

SYMBOLS = {
    "flow_interpolate": symbols(PAIR, ("x_t",), at("flow.flow_interpolate")),
    "flow_velocity": symbols(
        {"x_0": "x0", "x_1": "x1", r"\frac{d x_t}{d t}": _rate}, ("u_t", "v"), at("flow.flow_velocity")
    ),
    "flow_step": symbols({"x_t": "x_t", "v": "v", "t": "t", "t'": "t_next"}, ("x_{t'}",), at("flow.flow_step")),
    "sample_flow": symbols(
        {
            "x": _on_the_way,
            "S": "num_steps",
            "v_θ": lambda a: lambda x, t: a["v_model"](x, times(t, x)),
        },
        ("x_{t_{i+1}}",),
        _chains,
    ),
    "guided_velocity": symbols(
        {
            **TOLD,
            "x_t": "x_t",
            "t": per_sample("t"),
            "c": lambda a: Told(a["labels"], torch.ones(len(a["x_t"]), dtype=a["x_t"].dtype)),
            "∅": lambda a: Told(a["labels"], torch.zeros(len(a["x_t"]), dtype=a["x_t"].dtype)),
            "γ": "scale",
        },
        ("v",),
        at("flow.guided_velocity"),
    ),
    "flow_loss": symbols(PAIR | NETWORK, ("L",), at("flow.flow_loss")),
    "class_flow_loss": symbols(
        PAIR | TOLD | {"x_t": r"(1 - t) x_0 + t x_1", "c": of_class, "keep": "keep"},
        ("L",),
        at("flow.class_flow_loss"),
    ),
}
