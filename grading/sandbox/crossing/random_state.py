"""Whether a call has seeded the global random states, or merely used them.

To draw from the global state is free; to seed it is not: every later draw of whoever calls is then the same. A state
that was used is another one each time, wherever it began; one that was seeded is the same, wherever it began.
"""

import random
from typing import Any

import numpy as np
import torch

_met: set[float] = set()  # what the states of random and numpy gave next after earlier calls


class Watch:
    """Made before a call and asked after it."""

    def __init__(self) -> None:
        # torch remembers its seed, whatever is drawn. A new one before each call, so that the same one in each shows.
        self._seed = (torch.initial_seed() + 1) % 2**63
        torch.default_generator.manual_seed(self._seed)
        self._state = torch.get_rng_state()
        _next_numbers()  # so that a call does not begin where the last one ended

    def moved(self) -> bool:
        """torch's global state is another one than before."""
        return not torch.equal(self._state, torch.get_rng_state())

    def seeded(self) -> list[str]:
        """Whose global state was seeded and not put back; random and numpy show it at the second such call."""
        numbers = _next_numbers()
        again = [name for name, number in numbers.items() if number in _met]
        _met.update(numbers.values())
        return ["torch"] * (torch.initial_seed() != self._seed) + again


def global_states() -> tuple[Any, ...]:
    """Those of torch, random and numpy: whatever draws from one of them leaves another one behind."""
    of_numpy: Any = np.random.get_state(legacy=False)
    left = of_numpy["state"]["key"].tobytes(), of_numpy["state"]["pos"], of_numpy["has_gauss"], of_numpy["gauss"]
    return bytes(torch.get_rng_state().numpy()), random.getstate(), left


def _next_numbers() -> dict[str, float]:
    """53 bits of each, which no two places of one stream have in common in a worker's lifetime."""
    return {"random": random.random(), "numpy": float(np.random.random())}
