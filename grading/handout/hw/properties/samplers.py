"""Samplers: where their noise comes from. Their results for one and the same noise are in ``public/``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..compare import expect_tensor
from ..student import Student
from . import holds

SHAPE = (2, 1, 4, 5)
TIMESTEPS = [45, 30, 20, 10]
DRAWS = {  # at each step but the last, whose noise may be left out
    "ddpm.sample_ddpm": 1,
    "ddim.sample_ddim": 1,
    "dps.sample_dps": 1,
    "editing.sdedit": 1,
    "editing.inpaint": 2,
}


@holds(*DRAWS)
def noise_of_its_own(student: Student) -> None:
    """Every step draws noise of its own, other numbers each time where noise_fn is left out."""
    one = torch.ones(SHAPE, dtype=torch.float64)
    known: dict[str, Any] = {
        "eps_model": lambda x_t, t: 0 * x_t,
        "x_T": one,
        "image": one,
        "x_orig": one,
        "noise": one,
        "edit_mask": one,
        "measurement": one,
        "operator": lambda x: x,
        "timesteps": TIMESTEPS,
        "start": 0,
        "alphas_cumprod": torch.linspace(0.99, 0.02, 50, dtype=torch.float64),
        "scale": 0.0,
        "eta": 1.0,
    }
    drawn: list[Tensor] = []

    def noise_fn(x: Tensor) -> Tensor:
        drawn.append(torch.full_like(x, 0.1 * len(drawn)))
        return drawn[-1]

    arguments = {name: known[name] for name in student.parameters if name in known}
    reply = student(**arguments, noise_fn=noise_fn)
    expect_tensor(reply, SHAPE)
    least = DRAWS[f"{student.module}.{student.name}"] * (len(TIMESTEPS) - 1)
    if len(drawn) < least:
        raise reply.fail("noise is used again, or not at all", f"{least} draws and more", f"{len(drawn)}")
    first, second = (student(**arguments) for _ in range(2))
    if torch.equal(expect_tensor(first, SHAPE), expect_tensor(second, SHAPE)):
        raise first.fail("without noise_fn two calls give the same", "other noise each time")
