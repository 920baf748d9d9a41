"""rand_cutout, which has no generator: the global random states stand in for it during the call."""

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .common import stands_for
from .eecs498_given import student_file


def _student() -> Any:
    return student_file("augment").rand_cutout


@stands_for(_student)
def augment_rand_cutout(
    x: Tensor, ratio_range: tuple[float, float] = (0.25, 0.5), generator: torch.Generator | None = None
) -> Tensor:
    """The range is the handout's: the kit's own argument, a ratio, says nothing of it and is left to its default."""
    if generator is None:
        return _student()(x)
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()
    seed = int(torch.randint(2**31, (), generator=generator))
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    try:
        return _student()(x)
    finally:
        torch.set_rng_state(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])
