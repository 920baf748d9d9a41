"""Contenders that are run in turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from .code import Direct, Isolated

__all__ = ["PLUGIN", "Contest", "Counted", "Settings"]

PLUGIN = "bench-run"  # pytest's name for what holds the settings


@dataclass
class Settings:
    """What a run measures; ``quick`` runs everything once, to see that it works, and says nothing about time."""

    code: Direct | Isolated
    device: str = "cpu"
    seed: int = 0
    quick: bool = False
    fork_server: Any = None  # starts workers, for what is isolated whoever's code is measured
    submission: Any = None  # the folder that is graded


class Counted:
    """A function that counts its calls: numbers of evaluations are counted, not assumed."""

    def __init__(self, function: Callable) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.function(*arguments)


@dataclass
class Contest:
    """One group of the report: its contenders' seconds in each round, and what else is noted of them.

    The first contender is what the others are compared with.
    """

    benchmark: Any  # pytest-benchmark's fixture
    settings: Settings
    contenders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.benchmark.extra_info |= {"contenders": self.contenders, "facts": {}}
        # What runs in this thread alone needs no wall clock: other work on the machine does not lengthen its own time.
        alone = self.settings.device == "cpu" and not self.settings.code.isolated
        self.clock: Callable[[], float] = time.process_time if alone else time.perf_counter
        self.facts(clock="processor time" if alone else "wall clock")

    def by_the_wall(self) -> None:
        """For contenders that wait for other processes."""
        self.clock = time.perf_counter
        self.facts(clock="wall clock")

    def race(
        self, contenders: dict[str, Callable[[], Any]], rounds: int, at_least: float = 0.0, warm_up: bool = True
    ) -> dict[str, list[Any]]:
        """Time every contender once in each round, forwards and backwards in turn; what each gave back, by round.

        Args:
            contenders: by name.
            rounds: how many; the best one counts.
            at_least: seconds; what is quicker is repeated within a round until it takes so long.
            warm_up: run each once before.
        """
        if self.settings.quick:
            rounds, at_least, warm_up = 1, 0.0, False
        repeats = {name: self._repeats(run, at_least) if warm_up else 1 for name, run in contenders.items()}
        results: dict[str, list[Any]] = {name: [] for name in contenders}
        for name in contenders:
            self.contenders[name] = {"seconds": []}
        order = list(contenders)

        def one_round() -> None:
            for name in order:
                seconds, result = self.timed(contenders[name], repeats[name])
                self.contenders[name]["seconds"].append(seconds)
                results[name].append(result)
            order.reverse()

        self.benchmark.pedantic(one_round, rounds=rounds)
        return results

    @property
    def few(self) -> int:
        """Rounds of what takes half a minute a round without a graphics card; a thousand steps average by themselves."""
        return 1 if self.settings.device == "cpu" else 3

    def note(self, name: str, **figures: Any) -> None:
        """Numbers beside a contender's time: evaluations, quality."""
        self.contenders[name] |= figures

    def facts(self, **facts: Any) -> None:
        """What holds for the whole group: ``about`` says in words what one time is the time of."""
        self.benchmark.extra_info["facts"] |= facts

    def synchronise(self) -> None:
        if self.settings.device != "cpu":
            torch.cuda.synchronize()

    def timed(self, run: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
        """Seconds of a call, with what it left the device to do, and its last result."""
        self.synchronise()
        start = self.clock()
        for _ in range(repeats):
            result = run()
        self.synchronise()
        return (self.clock() - start) / repeats, result

    def _repeats(self, run: Callable[[], Any], at_least: float) -> int:
        self.timed(run)
        repeats = 1
        if not at_least:
            return repeats
        while (seconds := repeats * self.timed(run, repeats)[0]) < at_least:
            repeats = max(2 * repeats, int(repeats * at_least / max(seconds, 1e-9)))
        return repeats
