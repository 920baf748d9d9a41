"""Euler's steps from noise to data: at which times the network is asked, how long each step is, which way it leads.

x ← x + d_i·v(x, τ_i),  i = 0 … S − 1,  with  τ_i = i/S  and  d_i = 1/S
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ....sandbox.crossing.values import materialise
from ..evidence import Arguments, bare
from ..variants import Choice, Family


def _steps(a: Arguments, choices: Mapping[str, Any]) -> Tensor:
    live, _ = materialise(a)
    start = x = bare(a["x0"])
    S = choices["number"](a.get("num_steps", 50))
    for i, length in enumerate(choices["length"](S)):
        t = torch.full((len(x),), float(choices["time"](i, S)), dtype=x.dtype)
        v = live["v_model"](choices["shown"](x, start), t)
        x = choices["way"](x, length * v, start)
    return x


EULER = Family(
    _steps,
    {
        "time": Choice(
            "i/S",
            lambda i, S: i / S,
            {
                "the network is asked about the end of each step": lambda i, S: (i + 1) / S,
                "the network is asked about the middle of each step, with the image at its beginning": lambda i, S: (
                    (i + 0.5) / S
                ),
                "the times run from 0 to 1 with both ends, i/(S − 1)": lambda i, S: i / max(S - 1, 1),
                "the times are i/(S + 1)": lambda i, S: i / (S + 1),
                "the network is told the time of the step before": lambda i, S: max(i - 1, 0) / S,
                "the network is told the time of the next step but one": lambda i, S: (i + 2) / S,
                "the network is told 1 − t": lambda i, S: 1 - i / S,
                "the network is told 1 − t at the end of each step": lambda i, S: 1 - (i + 1) / S,
                "the network is told the step's number, i": lambda i, S: i,
                "the network is told the step's number, counted from 1": lambda i, S: i + 1,
                "the network is told how many steps are left": lambda i, S: S - i,
                "the network is told 1000·t": lambda i, S: 1000 * i / S,
                "the network is told t/1000": lambda i, S: i / S / 1000,
                "the network is told 0 at every step": lambda i, S: 0,
                "the network is told 1 at every step": lambda i, S: 1,
            },
        ),
        "length": Choice(
            "steps of 1/S",
            lambda S: [1 / S] * S,
            {
                "each step is 1/(S − 1) long": lambda S: [1 / max(S - 1, 1)] * S,
                "each step is 1/(S + 1) long": lambda S: [1 / (S + 1)] * S,
                "each step is 1 long": lambda S: [1.0] * S,
                "each step is 1/50 long, whatever num_steps is": lambda S: [1 / 50] * S,
                "each step is half as long as it should be": lambda S: [0.5 / S] * S,
                "each step is twice as long as it should be": lambda S: [2 / S] * S,
                "each step is 1/S² long": lambda S: [1 / S**2] * S,
                "each step is 1/√S long": lambda S: [S**-0.5] * S,
                "the first step leads nowhere: its length is 0": lambda S: [0.0, *[1 / S] * (S - 1)],
                "the last step leads nowhere: its length is 0": lambda S: [*[1 / S] * (S - 1), 0.0],
                "the last step is missing": lambda S: [1 / S] * (S - 1),
                "there is one step too many": lambda S: [1 / S] * (S + 1),
                "there is one step only": lambda S: [1 / S],
                "the way to t = 1 is gone in one step": lambda S: [1.0],
                "each step is as long as what is left of the way, 1 − t": lambda S: [1 - i / S for i in range(S)],
                "each step is t long": lambda S: [i / S for i in range(S)],
                "each step is as long as the way so far and itself, t + 1/S": lambda S: [(i + 1) / S for i in range(S)],
            },
        ),
        "number": Choice(
            "num_steps",
            lambda S: S,
            {
                "there are always 50 steps": lambda S: 50,
                "there is one interval too few: S points make S − 1 steps": lambda S: max(S - 1, 1),
                "there is one interval too many: S + 1 steps": lambda S: S + 1,
            },
        ),
        "shown": Choice(
            "the image as it is now",
            lambda x, start: x,
            {"the network is always shown x0": lambda x, start: start},
        ),
        "way": Choice(
            "x + v/S",
            lambda x, step, start: x + step,
            {
                "the steps go against the velocity": lambda x, step, start: x - step,
                "every step begins at x0 again": lambda x, step, start: start + step,
                "x is forgotten: only the step is kept": lambda x, step, start: step,
            },
        ),
    },
)
