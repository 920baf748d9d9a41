"""What a demonstration is, and when its measures pass.

A measure passes if it is no worse than what the reference gives over many seeds allows for: its mean there, less
``SPREAD`` standard deviations. The means and deviations are in ``fixtures/smoke.json``; ``nox -s smoke -- --calibrate``
measures them anew.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..paths import FIXTURES

__all__ = [
    "DEMONSTRATIONS",
    "EXPECTED",
    "Demonstration",
    "Measure",
    "Shown",
    "bound",
    "demonstration",
    "expected_values",
    "passes",
]

EXPECTED = FIXTURES / "smoke.json"
SPREAD = 4.0  # standard deviations
ROUNDING = 1e-6  # where the reference gives exactly 0
FLOOR = 0.1  # of the mean: the least spread that is believed of a few seeds, and of optimisers that are free


@dataclass(frozen=True)
class Measure:
    """A number about the pictures; "higher" or "lower" says which way is better.

    What a free choice of the student decides as well (an optimiser's steps) may be ``slack`` times worse.
    """

    value: float
    better: str
    says: str = ""  # what it looks at, in words: "the mean squared difference to …"
    slack: float = 1.0


@dataclass
class Shown:
    """What a demonstration made: rows of pictures under a caption each, and what was measured of them."""

    rows: list[tuple[str, Tensor]] = field(default_factory=list)
    measures: dict[str, Measure] = field(default_factory=dict)
    frames: Tensor | None = None  # of an animation

    def show(self, caption: str, images: Tensor) -> None:
        self.rows.append((caption, images.detach().clamp(-1, 1)))

    def higher(self, name: str, value: Any, says: str) -> None:
        self.measures[name] = Measure(float(value), "higher", says)

    def lower(self, name: str, value: Any, says: str, slack: float = 1.0) -> None:
        self.measures[name] = Measure(float(value), "lower", says, slack)


@dataclass(frozen=True)
class Demonstration:
    """A named technique on the shipped models; ``needs`` are the graded functions that it drives."""

    name: str
    needs: tuple[str, ...]
    run: Callable[..., Shown]  # of (Functions, Shipped)


DEMONSTRATIONS: list[Demonstration] = []


def demonstration(name: str, *needs: str) -> Callable:
    """Register what is below as a demonstration."""

    def register(run: Callable[..., Shown]) -> Callable[..., Shown]:
        DEMONSTRATIONS.append(Demonstration(name, needs, run))
        return run

    return register


def expected_values() -> dict[str, dict[str, dict[str, float]]]:
    """Of each demonstration, of each measure: the reference's mean and deviation."""
    return json.loads(EXPECTED.read_text()) if EXPECTED.is_file() else {}


def bound(mean: float, deviation: float, better: str, slack: float = 1.0) -> float:
    """The worst value that passes.

    >>> bound(10.0, 2.0, "higher"), bound(10.0, 2.0, "lower"), bound(10.0, 2.0, "lower", slack=2.0)
    (2.0, 18.0, 36.0)
    """
    allowance = SPREAD * max(deviation, FLOOR * abs(mean), ROUNDING)
    return (mean - allowance) / slack if better == "higher" else (mean + allowance) * slack


def passes(measure: Measure, mean: float, deviation: float) -> bool:
    limit = bound(mean, deviation, measure.better, measure.slack)
    return measure.value >= limit if measure.better == "higher" else measure.value <= limit
