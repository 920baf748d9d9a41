"""What was made, as HTML. All text is escaped: some of it is what a submission's exception says."""

import copy
from collections.abc import Callable, Sequence
from html import escape
from math import isfinite

from torch import Tensor

from reference.data.grids import grid

from ..pictures.demonstration import Measure
from ..pictures.report import inlined
from .made import Made, Row
from .work import Side, Work

__all__ = ["STYLE", "picture", "rows", "shown"]

WIDTH, HEIGHT = 300, 64  # of a curve

STYLE = """
.sides { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
.side { flex: 1 1 16rem; min-width: 0; }
.side h3 { margin: 0 0 .5rem; font-weight: 600; }
.side .rows { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
.side figure { margin: 0 0 1rem; flex: 1 1 calc(var(--pictures, 1) * 11rem); max-width: calc(var(--pictures, 1) * 22rem); }
.side figcaption, .side .when, .side .note, .side dl { color: var(--body-text-color-subdued); font-size: .875rem; }
.strip { display: flex; flex-wrap: wrap; gap: .5rem; }
.strip img { flex: 1 1 0; min-width: 4.5rem; max-width: 22rem; image-rendering: pixelated; border-radius: 6px; display: block; }
.side progress { width: 100%; height: .375rem; display: block; appearance: none; border: 0; border-radius: 3px;
  background: var(--border-color-primary); overflow: hidden; }
.side progress::-webkit-progress-bar { background: var(--border-color-primary); }
.side progress::-webkit-progress-value { background: var(--color-accent); }
.side progress::-moz-progress-bar { background: var(--color-accent); }
.side .trouble { border-left: 3px solid var(--error-border-color, #c33); padding: .5rem .75rem; overflow-wrap: anywhere;
  white-space: pre-wrap; margin: 0 0 1rem; }
.side svg { width: 100%; max-width: 22rem; height: 4rem; display: block; overflow: visible; }
.side polyline { fill: none; stroke: var(--color-accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.side dl { display: grid; grid-template-columns: max-content 1fr; gap: .125rem .75rem; margin: 0; }
.side dd { margin: 0; font-variant-numeric: tabular-nums; }
.empty { color: var(--body-text-color-subdued); padding: 4rem 1rem; text-align: center; }
"""


def rows(side: Side, stage: int | None) -> str:
    """The pictures of one side, row by row, at one stage of it; after the last one, as it is."""
    made = side.made or Made()
    rows = made.rows if stage is None or stage >= len(made.stages) else made.stages[stage]
    return f'<div class="rows">{"".join(map(_row, rows))}</div>'


def shown(work: Work, stage: int | None = None, pictures: Callable[[Side, int | None], str] = rows) -> str:
    """All sides of a run beside each other; ``pictures`` is what stands for the pictures of one."""
    sides = [copy.copy(side) for side in work.sides]  # as they are now: their threads go on
    parts = (_side(side, len(sides) > 1, pictures(side, stage)) for side in sides)
    return f'<div class="sides">{"".join(parts)}</div>'


def _side(side: Side, titled: bool, pictures: str) -> str:
    parts = [f"<h3>{escape(side.name)}</h3>"] if titled else []
    if not side.ended:
        parts.append(f'<progress max="1" value="{side.done:.3f}" aria-label="{escape(side.name)}"></progress>')
        parts.append(f'<p class="when">{_when(side)}</p>')
    if side.trouble:
        parts.append(f'<p class="trouble" role="alert">{escape(side.trouble)}</p>')
    if side.made is not None:
        parts.append(pictures + _curve(side.made.losses) + _measures(side.made.measures))
    if side.stopped:
        parts.append('<p class="note">stopped</p>')
    if side.note:
        parts.append(f'<p class="note">{escape(side.note)}</p>')
    return f'<section class="side" aria-label="{escape(side.name)}">{"".join(parts)}</section>'


def _when(side: Side) -> str:
    return f"{side.done:.0%}, about {side.left:.0f} s left" if isfinite(side.left) else "begins …"


def _row(row: Row) -> str:
    caption, pictures = row
    said = escape(caption)
    strip = "".join(f'<img src="{picture(one)}" alt="{said}">' for one in pictures)
    return f'<figure style="--pictures: {len(pictures)}"><div class="strip">{strip}</div><figcaption>{said}</figcaption></figure>'


def picture(image: Tensor) -> str:
    """One picture (C, H, W) as a data URL, pixel by pixel."""
    return inlined(grid(image[None], 1, scale=1, gap=0))


def _curve(losses: Sequence[float]) -> str:
    """The loss over the search, from its first to its lowest: a line search looks higher, too, and is cut off there."""
    if len(losses) < 2:
        return ""
    low, high = min(losses), losses[0]
    span = (high - low) or 1.0
    points = (
        f"{WIDTH * i / (len(losses) - 1):.1f},{HEIGHT * max(high - loss, 0) / span:.1f}"
        for i, loss in enumerate(losses)
    )
    said = f"loss, {losses[0]:.3g} to {losses[-1]:.3g} in {len(losses)} looks"
    drawn = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{said}">'
    return f'<figure>{drawn}<polyline points="{" ".join(points)}"/></svg><figcaption>{said}</figcaption></figure>'


def _measures(measures: dict[str, Measure]) -> str:
    listed = "".join(
        f'<dt title="{escape(one.says)}">{escape(name)}</dt><dd>{one.value:.3g}</dd>' for name, one in measures.items()
    )
    return f"<dl>{listed}</dl>" if listed else ""
