"""The losses of a run, drawn from its log."""

import json
from pathlib import Path

from matplotlib.figure import Figure

__all__ = ["draw_curves", "read_log"]


def read_log(path: Path) -> dict[str, list[tuple[int, float]]]:
    """The (step, value) pairs of each loss.

    A run that was stopped between a checkpoint and the next has logged some steps twice: the later line counts.
    """
    losses: dict[str, dict[int, float]] = {}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        step = entry.pop("step")
        entry.pop("seconds")
        for name, value in entry.items():
            losses.setdefault(name, {})[step] = value
    return {name: sorted(values.items()) for name, values in losses.items()}


def draw_curves(log: Path, picture: Path) -> None:
    """One line for each loss over the steps; logarithmic where a loss never reaches 0."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="loss", title=log.parent.name)
    losses = read_log(log)
    for name, values in losses.items():
        axes.plot(*zip(*values), label=name)
    if all(value > 0 for values in losses.values() for _, value in values):
        axes.set_yscale("log")
    if losses:
        axes.legend()
    figure.savefig(picture, dpi=100)
