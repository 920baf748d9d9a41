"""A canvas to draw on, by pointer or keys, with a palette; a recipe receives what is drawn as a PNG file with transparency."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

__all__ = ["STYLE", "canvas"]

SIDE = 512  # pixels
BRUSH = 28  # … of its width: nearly two of a network's 32
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
KEYS = "Arrow keys move the pen, the space bar puts it down and lifts it, Ctrl+Z undoes."

TEMPLATE = f"""
<div class="pad">
  <canvas width="{SIDE}" height="{SIDE}" tabindex="0" role="application" aria-label="${{label}}. {KEYS}"></canvas>
  <span class="ring"></span>
</div>
<div class="tools">
  <span class="chips" role="radiogroup" aria-label="palette"></span>
  <label title="any colour"><input type="color" name="other" aria-label="any colour" value="#2563eb"></label>
  <label>brush <input type="range" name="width" min="6" max="96" value="${{brush}}"></label>
  <label><input type="checkbox" name="rubber"> eraser</label>
  <button type="button" name="undo">Undo</button>
  <button type="button" name="clear">Clear</button>
</div>
"""

STYLE = """
.pad { position: relative; overflow: hidden; border: 1px solid var(--border-color-primary); border-radius: 8px; }
.pad canvas { width: 100%; display: block; cursor: none; touch-action: none; background: white 0 0 / 100% 100%;
  image-rendering: auto; }
.pad canvas:focus-visible { outline: 2px solid var(--color-accent); outline-offset: -2px; }
.pad .ring { position: absolute; aspect-ratio: 1; translate: -50% -50%; border: 1px solid #0009; border-radius: 50%;
  box-shadow: 0 0 0 1px #fffb; pointer-events: none; }
.pad .ring.down { border-width: 2px; }
.tools { display: flex; flex-wrap: wrap; gap: .5rem .875rem; align-items: center; margin-top: .75rem; font-size: .875rem; }
.tools .chips { display: flex; gap: .25rem; }
.tools .chips button { width: 1.75rem; height: 1.75rem; border-radius: 50%; border: 1px solid var(--border-color-primary); }
.tools .chips [aria-checked=true] { outline: 2px solid var(--color-accent); outline-offset: 2px; }
.tools input[type=color] { width: 2rem; height: 2rem; padding: 0; border: 0; background: none; }
.tools input[type=range] { width: 6rem; accent-color: var(--color-accent); vertical-align: middle; }
.tools > button { padding: .25rem .75rem; border-radius: 6px; background: var(--button-secondary-background-fill); }
"""


def canvas(palette: Sequence[str], label: str = "drawing", brush: int = BRUSH, background: str = "") -> gr.HTML:
    """A square. Its ``palette`` and its ``background`` can be set anew.

    Args:
        palette: colours to begin with, as ``#rrggbb``; any other can be chosen besides.
        label: what it is called.
        brush: its width in pixels, of ``SIDE``.
        background: a picture behind what is drawn, as a data URL.
    """
    return gr.HTML(
        "",
        label=label,
        html_template=TEMPLATE,
        js_on_load=SCRIPT,
        apply_default_css=False,
        elem_classes="canvas",
        palette=[*palette],
        brush=brush,
        background=background,
    )
