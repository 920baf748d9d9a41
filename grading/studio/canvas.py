"""A canvas to draw on, with a palette; what is drawn on it reaches a recipe as a PNG file with transparency."""

from collections.abc import Sequence

import gradio as gr

__all__ = ["canvas"]

SIDE = 512  # pixels
BRUSH = 28  # … of its width: nearly two of a network's 32


def canvas(palette: Sequence[str], label: str = "drawing", brush: int = BRUSH) -> gr.ImageEditor:
    """A square; a picture behind what is drawn can be set as its ``background``.

    Args:
        palette: colours to begin with, as ``#rrggbb``; the page offers any other besides.
        label: what it is called.
        brush: pixels, of ``SIDE``.
    """
    return gr.ImageEditor(
        label=label,
        type="pil",
        image_mode="RGBA",
        format="png",
        sources=(),
        transforms=(),
        layers=False,
        canvas_size=(SIDE, SIDE),
        fixed_canvas=True,
        brush=gr.Brush(brush, [*palette], palette[0], "defaults"),
        eraser=gr.Eraser(brush),
        buttons=[],
    )
