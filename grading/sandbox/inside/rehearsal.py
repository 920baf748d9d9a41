"""A little homework of our own, imported and called before any worker is forked.

What a process does for the first time costs it more: the interpreter adapts its code, libraries bind their symbols, and
each page of memory that this is written to is copied for every worker anew. So it is done once, where all of them have it.
Without a gradient: where there is a GPU a first one starts threads, and threads do not survive a fork.
"""

import socket
from typing import Any

import torch

from ..crossing import calls, wire
from ..crossing.values import Leaf, Probe, Seeded
from . import needed, parsing, statements

_TIMES = 10  # the interpreter adapts what it has run eight times
_HOMEWORK = '''
import math
import torch
import torch.nn.functional as F

def step(x, target, t, abar, generator, steps, model, scale=1.0):
    """What homework is made of, and no formula."""
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    at = torch.where(t >= 0, abar[t.clamp(min=0)], torch.ones_like(abar[0])).view(-1, 1, 1, 1)
    y = (x + torch.sqrt(1 + at) * model(x, t)) / (2 - at).sqrt()
    for i, j in zip(steps[:-1], steps[1:]):
        y = scale * y.clamp(-1, 1) + math.sqrt(i - j) * torch.zeros_like(y)
    loss = F.mse_loss(torch.cat([y, noise]), torch.stack([target, -target]).reshape(-1, *x.shape[1:]))
    return loss + torch.exp(-y.abs()).mean(dim=(1, 2, 3)).sum() + torch.cumprod(abar, 0).max()
'''


def rehearse() -> None:
    here, there = socket.socketpair()
    with here, there, torch.random.fork_rng(devices=[]):  # workers begin where they would have begun
        for _ in range(_TIMES):
            names: dict[str, Any] = {}
            body, flags = parsing.parsed(_HOMEWORK, "homework")
            taken = needed.Waiting(body, _HOMEWORK).taken()
            statements.run(taken, "homework", names, _not_run, flags)
            wire.send(here, {"positional": ["x", "target"], "arguments": _arguments(), "cotangent": None})
            wire.send(there, calls.perform(names["step"], **wire.receive(there)))
            wire.receive(here)


def _not_run(_: object, error: BaseException) -> None:
    raise error


def _arguments() -> dict[str, Any]:
    x = torch.linspace(-1, 1, 36, dtype=torch.float64).reshape(2, 2, 3, 3)
    return {
        "x": x,
        "target": Leaf(x),
        "t": torch.tensor([3, -1]),
        "abar": torch.linspace(0.9, 0.1, 5, dtype=torch.float64),
        "generator": Seeded(0),
        "steps": [3, 2, 0],
        "model": Probe("eps_model"),
        "scale": 0.5,
    }
