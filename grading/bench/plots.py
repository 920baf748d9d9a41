"""The report's pictures, as PNG files in memory."""

import io
from collections.abc import Callable

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from .answers import CHAIN, DPS, FEW_STEPS, INVERSION, QUALITY
from .claims import PIPELINES
from .measured import Group, Measured, NotMeasured, duration

__all__ = ["draw"]

COLOURS = {"DDPM": "#c44e52", "DDIM": "#4c72b0", "DPS": "#55a868", "Euler": "#dd8452"}


def draw(m: Measured) -> dict[str, bytes]:
    """The pictures of what was measured, by title."""
    pictures = {}
    for title, picture in PICTURES.items():
        try:
            figure = picture(m)
        except NotMeasured:
            continue
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=120)
        plt.close(figure)
        pictures[title] = file.getvalue()
    return pictures


def quality(group: Group) -> Figure:
    """Fréchet distance over what it costs, in evaluations and in seconds."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
    costs: list[tuple[str, Callable[[str], float]]] = [
        ("network evaluations", lambda name: group.figure(name, "evaluations")),
        ("seconds for a picture", lambda name: group.seconds(name) / group.fact("pictures")),
    ]
    for axis, (label, cost) in zip(axes, costs):
        for sampler in dict.fromkeys(name.split(",")[0] for name in group.contenders):
            names = [name for name in group.contenders if name.startswith(sampler)]
            x, y = [cost(name) for name in names], [group.figure(name, "frechet") for name in names]
            axis.plot(x, y, "o-", color=COLOURS[sampler], label=sampler)
        axis.axhline(group.fact("frechet_real"), color="#555", linestyle="--", label="real digits")
        _logarithmic(axis, x=label)
    for name in group.contenders:
        _label(axes[0], group.figure(name, "evaluations"), group.figure(name, "frechet"), name.split()[1])
    axes[0].set_ylabel("Fréchet distance to held-out digits")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    return figure


def chains(m: Measured) -> Figure:
    """A bar for each number of steps."""
    group = m[CHAIN]
    names = list(group.contenders)
    return _bars(names, [group.seconds(name) for name in names], "seconds for one picture", duration)


def restoration(m: Measured) -> Figure:
    """DPS's error over its time, DDIM's time for the same steps beside it."""
    group = m[DPS]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    steps = sorted({int(name.split()[1]) for name in group.contenders})
    for sampler in ("DDIM", "DPS"):
        left.plot(
            steps, [group.seconds(f"{sampler}, {n} steps") for n in steps], "o-", color=COLOURS[sampler], label=sampler
        )
    _logarithmic(left, x="steps", y="seconds")
    left.legend(frameon=False)
    seconds = [group.seconds(f"DPS, {n} steps") for n in steps]
    errors = [group.figure(f"DPS, {n} steps", "error") for n in steps]
    right.plot(seconds, errors, "o-", color=COLOURS["DPS"], label="DPS")
    for x, y, n in zip(seconds, errors, steps):
        _label(right, x, y, f"{n} steps")
    right.axhline(group.fact("error_of_measurement"), color="#555", linestyle="--", label="the enlarged measurement")
    _logarithmic(right, x="seconds", y="mean squared error to the truth")
    right.legend(frameon=False)
    return figure


def inversion(m: Measured) -> Figure:
    """The lowest loss so far over evaluations and over seconds."""
    group = m[INVERSION]
    figure, axes = plt.subplots(1, 2, figsize=(9, 5.4), sharey=True, layout="constrained")
    spaces = list(dict.fromkeys(name.rsplit(", ", 1)[0] for name in group.contenders))
    colours = dict(zip(spaces, matplotlib.colormaps["tab10"](range(len(spaces)))))
    for name in group.contenders:
        space, optimiser = name.rsplit(", ", 1)
        curve = group.figure(name, "curve")
        style = {"color": colours[space], "linestyle": "-" if optimiser == "L-BFGS" else ":", "linewidth": 1.6}
        axes[0].plot(range(1, len(curve["lowest"]) + 1), curve["lowest"], **style, label=name)
        axes[1].plot(curve["seconds"], curve["lowest"], **style)
    _logarithmic(axes[0], x="evaluations of the generator, with gradient", y="lowest loss so far")
    _logarithmic(axes[1], x="seconds")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def ratios(m: Measured) -> Figure:
    """Ours in units of the alternative's time."""
    names, values = [], []
    for group in m.groups.values():
        contenders = list(group.contenders)
        if group.name in PIPELINES or contenders[0].startswith("diffusers"):
            names.append(f"{contenders[1]}\nagainst {contenders[0]}")
            values.append(group.ratio(contenders[1]))
    if not names:
        raise NotMeasured("a comparison with diffusers")
    figure = _bars(names, values, "time, as a multiple of diffusers'", "{:.2f}".format)
    figure.axes[0].axvline(1, color="#555", linestyle="--")
    return figure


PICTURES: dict[str, Callable[[Measured], Figure]] = {
    "Quality against cost": lambda m: quality(m[QUALITY]),
    "Euler steps against DDIM steps": lambda m: quality(m[FEW_STEPS]),
    "A chain's time by its number of steps": chains,
    "What DPS costs, and what fewer steps do": restoration,
    "GAN inversion": inversion,
    "Ours against diffusers": ratios,
}


def _bars(names: list[str], values: list[float], label: str, written: Callable[[float], str]) -> Figure:
    figure, axis = plt.subplots(figsize=(9, 0.7 + 0.45 * len(names)), layout="constrained")
    bars = axis.barh(names, values, color=[COLOURS.get(name.split(",")[0], "#4c72b0") for name in names])
    axis.bar_label(bars, [written(value) for value in values], padding=4)
    axis.invert_yaxis()
    axis.set_xlabel(label)
    axis.margins(x=0.12)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def _logarithmic(axis: Axes, x: str, y: str = "") -> None:
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel(x)
    if y:
        axis.set_ylabel(y)
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_locator(LogLocator(subs=(1, 2, 5)))
        side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        side.set_minor_locator(NullLocator())
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)


def _label(axis: Axes, x: float, y: float, text: str) -> None:
    axis.annotate(text, (x, y), xytext=(4, 5), textcoords="offset points", fontsize=8, color="#444")
