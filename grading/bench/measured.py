"""pytest-benchmark's JSON as groups of contenders, whose times are compared as ratios."""

import statistics
from dataclasses import dataclass
from typing import Any

__all__ = ["Group", "Measured", "NotMeasured", "duration"]


class NotMeasured(LookupError):
    """A figure that this run does not have; the message says what is missing."""


@dataclass(frozen=True)
class Group:
    """One comparison; the first contender is what the others are compared with."""

    name: str
    contenders: dict[str, dict[str, Any]]
    facts: dict[str, Any]

    def seconds(self, contender: str) -> float:
        """The best round: what other work on the machine lengthened least."""
        return min(self._contender(contender)["seconds"])

    def ratio(self, contender: str, base: str | None = None) -> float:
        """How many times as long as ``base`` (or the first contender) it takes."""
        return self.seconds(contender) / self.seconds(base or next(iter(self.contenders)))

    def median_ratio(self, contender: str, base: str | None = None) -> float:
        """The same by the median of what the rounds say, each for itself."""
        ours = self._contender(contender)["seconds"]
        theirs = self._contender(base or next(iter(self.contenders)))["seconds"]
        return statistics.median(mine / other for mine, other in zip(ours, theirs))

    def figure(self, contender: str, name: str) -> Any:
        figures = self._contender(contender)
        if name not in figures:
            raise NotMeasured(f"{name} of {contender}")
        return figures[name]

    def fact(self, name: str) -> Any:
        if name not in self.facts:
            raise NotMeasured(f"{name} of {self.name}")
        return self.facts[name]

    def _contender(self, name: str) -> dict[str, Any]:
        if not self.contenders.get(name, {}).get("seconds"):
            raise NotMeasured(f"{name} in {self.name}")
        return self.contenders[name]


class Measured:
    """A run's groups by name.

    >>> document = {"benchmarks": [{"group": "a race", "extra_info": {
    ...     "contenders": {"tortoise": {"seconds": [4.0, 6.0]}, "hare": {"seconds": [1.0, 2.0]}}}}]}
    >>> race = Measured(document)["a race"]
    >>> race.ratio("hare"), race.ratio("tortoise", "hare")
    (0.25, 4.0)
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.machine: dict[str, Any] = document.get("machine_info", {})
        self.problems: list[dict[str, str]] = document.get("problems", [])
        failed = {problem["group"] for problem in self.problems}
        self.groups: dict[str, Group] = {}
        for entry in document.get("benchmarks", []):
            info = entry.get("extra_info", {})
            if info.get("contenders") and entry["group"] not in failed:
                self.groups[entry["group"]] = Group(entry["group"], info["contenders"], info.get("facts", {}))

    def __getitem__(self, name: str) -> Group:
        if name not in self.groups:
            raise NotMeasured(name)
        return self.groups[name]


def duration(seconds: float) -> str:
    """Three digits and a unit.

    >>> duration(0.0000123), duration(0.0456), duration(7.891), duration(123.4)
    ('12.3 µs', '45.6 ms', '7.89 s', '123 s')
    """
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 999.5:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s" if seconds < 999.5 else f"{seconds:.0f} s"
