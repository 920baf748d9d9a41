"""The losses of flow matching: where the network is asked, what it is told, what its answer is held against.

mean (model((1−t)·x0 + t·x1, t) − (x1 − x0))²
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ....sandbox.crossing.values import materialise
from ..evidence import Arguments, bare
from ..variants import Choice, Family
from .fits import ASKED, HELD, OF_CLASSES, STEPS, held


def _flow(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    live, _ = materialise(a)
    x0, x1, t = bare(a["x0"]), bare(a["x1"]), bare(a["t"])
    x_t = choices["shown"](x0, x1, choices["at"](t).to(x0.dtype).reshape(-1, 1, 1, 1))
    rest = [choices["labels"](a["labels"])] if "labels" in a else []
    kept = [choices["keep"](a["keep"])] if "keep" in a else []
    answer = choices["asked"](live["model"](x_t, *rest, choices["told"](t), *kept), x_t)
    return held(choices, answer, choices["wanted"](x0, x1, x_t, 1 - t.reshape(-1, 1, 1, 1)), a.get("keep"))


def _rest_of_the_way(least: float, x0: Tensor, x1: Tensor, x_t: Tensor, rest: Tensor) -> Tensor:
    return (x1 - x_t) / rest.clamp(min=least)


def _rest_of_the_way_with_more(more: float, x0: Tensor, x1: Tensor, x_t: Tensor, rest: Tensor) -> Tensor:
    return (x1 - x_t) / (rest + more)


_FLOW = {
    "shown": Choice(
        "(1 − t)·x0 + t·x1",
        lambda x0, x1, t: (1 - t) * x0 + t * x1,
        {
            "the network is shown t·x0 + (1 − t)·x1: time runs from the data to the noise": lambda x0, x1, t: (
                t * x0 + (1 - t) * x1
            ),
            "the network is shown x0 + t·x1": lambda x0, x1, t: x0 + t * x1,
            "the network is shown (1 − t)·x0 + x1": lambda x0, x1, t: (1 - t) * x0 + x1,
            "the network is shown x0": lambda x0, x1, t: x0 + 0 * t,
            "the network is shown x1": lambda x0, x1, t: x1 + 0 * t,
            "the network is shown (1 − t)·x0": lambda x0, x1, t: (1 - t) * x0,
            "the network is shown t·x1": lambda x0, x1, t: t * x1,
            "the network is shown √(1 − t)·x0 + √t·x1": lambda x0, x1, t: (1 - t).sqrt() * x0 + t.sqrt() * x1,
            "the network is shown √(1 − t²)·x0 + t·x1": lambda x0, x1, t: (1 - t * t).sqrt() * x0 + t * x1,
            "the network is shown x1 + t·(x1 − x0): beyond the data": lambda x0, x1, t: x1 + t * (x1 - x0),
            "the network is shown x0 − t·(x1 − x0): away from the data": lambda x0, x1, t: x0 - t * (x1 - x0),
        },
    ),
    "at": Choice(
        "each sample's own t",
        lambda t: t,
        {
            "all samples are mixed at the first one's t": lambda t: t[:1].expand_as(t),
            "all samples are mixed at the mean of their t": lambda t: t.mean().expand_as(t),
            "the samples are mixed at each other's t": lambda t: t.flip(0),
        },
    ),
    "told": Choice(
        "t",
        lambda t: t,
        {
            "the network is told 1 − t": lambda t: 1 - t,
            **{f"the network is told {steps}·t": partial(torch.mul, other=steps) for steps in STEPS},
            **{
                f"the network is told t / {steps}, though t lies between 0 and 1 already": partial(
                    torch.div, other=steps
                )
                for steps in STEPS
            },
            "the network is told 0": lambda t: 0 * t,
            "the network is told the first sample's time for all": lambda t: t[:1].expand_as(t),
            "the network is told the samples' times in reversed order": lambda t: t.flip(0),
        },
    ),
    "wanted": Choice(
        "x1 − x0",
        lambda x0, x1, x_t, rest: x1 - x0,
        {
            "the answer is held against x0 − x1: the velocity away from the data": lambda x0, x1, x_t, rest: x0 - x1,
            "the answer is held against x1 − x_t, the rest of the way": lambda x0, x1, x_t, rest: x1 - x_t,
            "the answer is held against x_t − x0, the way so far": lambda x0, x1, x_t, rest: x_t - x0,
            "the answer is held against the data": lambda x0, x1, x_t, rest: x1,
            "the answer is held against the noise": lambda x0, x1, x_t, rest: x0,
            "the answer is held against x_t": lambda x0, x1, x_t, rest: x_t,
            "the answer is held against x1 + x0": lambda x0, x1, x_t, rest: x1 + x0,
            **{
                f"the answer is held against (x1 − x_t)/(1 − t) with 1 − t kept away from 0 (at {least:g}, say), which near t = 1 is "
                "another velocity": partial(_rest_of_the_way, least)
                for least in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 0.05, 0.1)
            },
            **{
                f"the answer is held against (x1 − x_t)/(1 − t + {more:g}), which near t = 1 is another velocity": partial(
                    _rest_of_the_way_with_more, more
                )
                for more in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)
            },
        },
    ),
    "asked": ASKED,
    "held": HELD,
}
VELOCITIES: dict[str, Family] = {
    "flow.flow_loss": Family(_flow, _FLOW),
    "flow.class_flow_loss": Family(_flow, _FLOW | OF_CLASSES),
}
