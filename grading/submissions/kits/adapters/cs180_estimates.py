"""The noise estimate that a loop of the student's works with, read from the step that it takes.

A step is affine in the estimate: image' = A + B · estimate. A and B are those of most of the student's own loops, so
that one loop's wrong step is told by the others, and a step that is wrong everywhere counts where it was written first.
A loop that steps as DDIM does, which this handout asks of nobody, is read with that step: its estimate is what counts.
"""

from typing import Any

import torch
from torch import Tensor

from . import cs180_code as code
from .cs180_stage import FIRST, NULL, SECOND, Answer, Loop

LOOPS = ("denoise", "denoise_cfg", "inpaint", "flip", "hybrid")
SAME = 1e-9


def constant(first: float, second: float | None = None, null: float | None = None) -> Answer:
    """A network that answers each prompt with one number."""
    numbers = torch.tensor([first if null is None else null, first, first if second is None else second])

    def answer(image: Tensor, t: int, which: Tensor, row: Tensor) -> Tensor:
        return numbers.to(image.dtype)[which].reshape(-1, 1, 1, 1).expand(image.shape).clone()

    return answer


def one_step(
    role: str, image: Tensor, t: int, t_prev: int, table: Tensor, answer: Answer, noise: Any = None, **options: Any
) -> Tensor:
    """The image after one step of a loop, from the kit's t to its t_prev: sample by sample, as the notebook goes."""
    starts = "start" in code.spec(role)["given"].values()
    before = [len(table) - 1] if starts else []  # an entry that is not asked for
    values = {"mask": torch.ones_like(image), "original": torch.zeros_like(image)} | options.pop("values", {})
    options |= {"start": len(before), "timesteps": [*before, t, t_prev, 0], "table": table}
    parts = []
    for i, alone in enumerate(image.split(1)):
        own = {name: one[i : i + 1] if isinstance(one, Tensor) else one for name, one in values.items()}
        to_it = lambda asked, told, which, row: answer(asked, told, which, row + i)  # noqa: B023  # asked at once
        drawn = None if noise is None else noise[i : i + 1]
        after = Loop(image=alone, answer=to_it, noise=drawn, values=own, **options).run(role)
        if after.shape != alone.shape:
            raise ValueError(f"expected an image of shape {tuple(alone.shape)} after a step, got {tuple(after.shape)}")
        parts.append(after)
    return torch.cat(parts)


def step_of_most(image: Tensor, t: int, t_prev: int, table: Tensor, own: str) -> tuple[Tensor, float]:
    """A and B of a step without noise, as most of the loops take it; at a tie as the first one does.

    They are told apart by their step of the first sample.
    """
    first = image[:1]
    steps = {role: _step(role, first, t, t_prev, table) for role in LOOPS if code.has(role)}
    if isinstance(steps[own], Exception):
        raise steps[own]
    found = {role: one for role, one in steps.items() if not isinstance(one, Exception)}
    taken = max(found, key=lambda role: sum(_agree(found[role], other) for other in found.values()))
    if _agree(found[own], _ddim_step(first, table[t], table[t_prev])):
        taken = own
    offset, slope = found[taken]
    rest = image[1:]
    return torch.cat([offset, one_step(taken, rest, t, t_prev, table, constant(0.0))] if len(rest) else [offset]), slope


def _step(role: str, image: Tensor, t: int, t_prev: int, table: Tensor) -> Any:
    """A and B of one loop, or what it raised."""
    try:
        zero, one = (one_step(role, image, t, t_prev, table, constant(number)) for number in (0.0, 1.0))
        return zero, _centre(one - zero)
    except Exception as error:
        return error


def _ddim_step(image: Tensor, abar: Tensor, abar_prev: Tensor) -> tuple[Tensor, float]:
    """Without noise of its own: the estimate leads to the clean image, and from there back to the level before."""
    kept = (abar_prev / abar).sqrt()
    return kept * image, float((1 - abar_prev).sqrt() - kept * (1 - abar).sqrt())


def _agree(one: tuple[Tensor, float], other: tuple[Tensor, float]) -> bool:
    scale = max(1.0, float(one[0].abs().max()))
    close = float((one[0] - other[0]).abs().max()) <= SAME * scale
    return close and abs(one[1] - other[1]) <= SAME * max(1.0, abs(one[1]))


def _centre(image: Tensor) -> float:
    return float(image[0, 0, image.shape[2] // 2, image.shape[3] // 2])


class Reading:
    """What a loop makes of the network's answers at one timestep."""

    def __init__(self, role: str, image: Tensor, t: int, **values: Any) -> None:
        """``image`` is the kit's, ``t`` the contract's."""
        self.role, self.image, self.values = role, image, values
        self.table = torch.linspace(1, 0.001, 1001, dtype=torch.float64)
        self.t, self.t_prev = t + 1, (t + 1) // 2
        self.offset, self.slope = step_of_most(image, self.t, self.t_prev, self.table, role)

    def estimate(self, answer: Answer) -> Tensor:
        image = one_step(self.role, self.image, self.t, self.t_prev, self.table, answer, values=self.values)
        return (image - self.offset) / self.slope

    def number(self, first: float, second: float, null: float) -> float:
        """The estimate from a network that answers with numbers."""
        return _centre(self.estimate(constant(first, second, null)))


def by_prompt(which: Tensor, row: Tensor, conditions: dict[int, Tensor]) -> Tensor:
    """The condition of each row: that of its prompt, for its sample."""
    return torch.stack([conditions[int(one)][int(sample)] for one, sample in zip(which, row)])


__all__ = ["FIRST", "NULL", "SECOND", "Reading", "by_prompt", "constant", "one_step", "step_of_most"]
