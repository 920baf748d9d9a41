"""Run the demonstrations on a submission, and judge their measures."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from reference import networks

from ..blackout import blacked_out
from ..contract.reference import reference_function
from ..sandbox.fork_server import ForkServer
from .demonstration import EXPECTED, Demonstration, Shown, bound, expected_values, passes
from .demonstrations import DEMONSTRATIONS
from .functions import CannotGoOn, Functions, Trusted
from .lent import Lending
from .worlds.shipped import Shipped

__all__ = ["PASSED", "FAILED", "SKIPPED", "Outcome", "calibrate", "chosen", "run"]

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass
class Outcome:
    """How one demonstration went; ``problems`` says what failed or why it was skipped."""

    name: str
    outcome: str
    seconds: float
    problems: list[str] = field(default_factory=list)
    measures: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: Shown | None = None
    lent: list[str] = field(default_factory=list)  # the functions in whose place right ones stood
    beside: Shown | None = None  # the same by the reference alone

    def plain(self) -> dict[str, Any]:
        """As JSON has it: without pictures."""
        said = asdict(replace(self, seconds=round(self.seconds, 1), shown=None, beside=None))
        return {name: value for name, value in said.items() if name not in ("shown", "beside")}


def chosen(only: str) -> list[Demonstration]:
    """The demonstration of this name, or those whose name contains one of the comma-separated words; all for no word."""
    exactly = [one for one in DEMONSTRATIONS if one.name == only]
    if exactly:
        return exactly
    words = [word.strip().lower() for word in only.split(",") if word.strip()]
    for word in words:
        if not any(word in one.name.lower() for one in DEMONSTRATIONS):
            names = "; ".join(one.name for one in DEMONSTRATIONS)
            raise ValueError(f"{word!r} is in the name of no demonstration; there are: {names}")
    return [one for one in DEMONSTRATIONS if not words or any(word in one.name.lower() for word in words)]


def run(
    fork_server: ForkServer,
    submission: Path,
    world: Shipped,
    todo: list[Demonstration],
    lend: bool = False,
    beside: bool = False,
) -> Iterator[Outcome]:
    """One outcome after the other; a function that cannot be used ends the demonstration that needs it, not the run.

    Where ``lend`` is set, right functions stand in the place of those that are not written; a demonstration in which
    nothing of the submission's takes part stays skipped. With ``beside`` the reference makes the same pictures.
    """
    functions = (Lending if lend else Functions)(fork_server, submission)
    try:
        for one in todo:
            outcome = _demonstrated(one, functions, world)
            outcome.lent = sorted(functions.lent) if outcome.outcome != SKIPPED else []
            if beside and outcome.shown is not None:
                outcome.beside = one.run(Trusted(reference_function), world)
            yield outcome
    finally:
        functions.close()


def _demonstrated(one: Demonstration, functions: Functions, world: Shipped) -> Outcome:
    start = time.monotonic()

    def ended(outcome: str, problem: str) -> Outcome:
        return Outcome(one.name, outcome, time.monotonic() - start, [problem])

    functions.own.clear()
    functions.lent.clear()
    if isinstance(functions, Lending) and one.needs and not any(map(functions.has, one.needs)):
        return ended(SKIPPED, f"not written yet: {', '.join(one.needs)}")
    try:
        shown = one.run(functions, world)
    except CannotGoOn as unusable:
        return ended(SKIPPED if unusable.missing else FAILED, blacked_out(str(unusable)))
    except networks.Missing as missing:
        return ended(SKIPPED, str(missing))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:  # a tensor of another shape, most likely
        return ended(FAILED, f"the pipeline cannot go on with what came back: {error}")
    if not functions.own:
        return ended(SKIPPED, "nothing of what was handed in took part")
    return _judge(one, shown, expected_values().get(one.name, {}), time.monotonic() - start)


def _judge(one: Demonstration, shown: Shown, expected: dict[str, Any], seconds: float) -> Outcome:
    problems, measures = [], {}
    for name, measure in shown.measures.items():
        if name not in expected:
            problems.append(f"{name}: no expected value; run nox -s smoke -- --calibrate SEEDS")
            continue
        mean, deviation = expected[name]["mean"], expected[name]["deviation"]
        limit = bound(mean, deviation, measure.better, measure.slack)
        measures[name] = asdict(measure) | {"reference": mean, "limit": limit}
        if not passes(measure, mean, deviation):
            side = "below" if measure.better == "higher" else "above"
            told = f"{name} is {measure.value:.4g}, {side} {limit:.4g} (reference: {mean:.4g})"
            problems.append(f"{told}; it is {measure.says}")
    return Outcome(one.name, FAILED if problems else PASSED, seconds, problems, measures, shown)


def calibrate(todo: list[Demonstration], seeds: int, device: str, say: Callable[[str], None] = print) -> None:
    """Measure the reference under several seeds and write what is expected of everybody."""
    expected = expected_values()
    values: dict[str, dict[str, list[float]]] = {}
    for seed in range(1, seeds + 1):
        world = Shipped(seed, device)
        for one in todo:
            shown = one.run(Trusted(reference_function), world)
            for name, measure in shown.measures.items():
                values.setdefault(one.name, {}).setdefault(name, []).append(measure.value)
        say(f"seed {seed} of {seeds}")
    for title, measures in values.items():
        expected[title] = {
            name: {"mean": float(f"{statistics.mean(v):.5g}"), "deviation": float(f"{statistics.stdev(v):.3g}")}
            for name, v in measures.items()
        }
    order = [one.name for one in DEMONSTRATIONS]
    expected = {name: expected[name] for name in order if name in expected}
    EXPECTED.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
