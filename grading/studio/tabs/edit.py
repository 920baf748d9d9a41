"""A picture of one's own: cut and scaled in sight, painted on; then inpainted, edited to a prompt, or measured and restored."""

from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ...pictures.report import inlined
from ...verdicts import Unusable
from ..own import PHOTOGRAPH, Own, cut, outlined, scaled
from ..recipes.measured import OPERATORS
from ..running import Studio, running
from .sample import prompt

TITLE = "Edit"
CANVAS = 320  # pixels
BRUSH = gr.Brush(default_size=28, colors=["#e0218a"], default_color="#e0218a", color_mode="fixed")


class Picture(gr.Image):
    """A picture whose file is handed on as it is: whether it is one is found out, and told, where it is opened."""

    is_template = True

    def preprocess(self, payload: Any) -> str | None:
        return payload.path if payload else None


def build(studio: Studio) -> None:
    """The picture left; what is done with it right, a tab for each technique."""
    worlds = list(studio.worlds.diffusion)
    with gr.Row():
        with gr.Column(scale=1, min_width=340):
            own, canvas = _own(studio)
            world = gr.Dropdown(worlds, value=worlds[0], label="world", visible=len(worlds) > 1)
        with gr.Column(scale=3):
            with gr.Tab("Inpaint"):
                with gr.Row():
                    controls = {"prompt": prompt(studio, ""), "guidance": _guidance(), "steps": _slider(5, 100, 50, "steps")}
                    controls |= {**own, "mask": canvas, "world": world, **_drawn()}
                running(studio, "inpainting", controls, stage="step", hint="Paint over what is to be drawn anew.")
            with gr.Tab("Prompt"):
                with gr.Row():
                    controls = {"prompt": prompt(studio, "lion face"), "guidance": _guidance()}
                    controls |= {"start": _slider(0, 24, 10, "start (0: noise)")}
                    controls |= {**own, "world": world, **_drawn()}
                running(studio, "prompted", controls, stage="step", hint="The picture is noised, and comes back as the prompt says.")
            with gr.Tab("Restore"):
                with gr.Row():
                    operator = gr.Dropdown(OPERATORS, value=OPERATORS[1], label="what is measured")
                    controls = {"operator": operator, "scale": _slider(0, 8, 0.5, "scale ζ", 0.25)}
                    controls |= {"steps": _slider(5, 200, 50, "steps"), **own, "mask": canvas, "world": world, **_drawn()}
                hint = "Only a measurement of the picture is known; DPS looks for pictures that fit it."
                running(studio, "measured", controls, stage="step", hint=hint)


def _slider(low: float, high: float, value: float, label: str, step: float = 1, width: int = 150) -> gr.Slider:
    return gr.Slider(low, high, value, step=step, label=label, min_width=width, buttons=[])


def _guidance() -> gr.Slider:
    return _slider(0, 10, 3, "guidance", 0.5)


def _drawn() -> dict[str, Any]:
    return {"pictures": _slider(1, 4, 3, "pictures"), "seed": gr.Number(0, precision=0, minimum=0, label="seed", min_width=90)}


def _own(studio: Studio) -> tuple[dict[str, Any], gr.ImageEditor]:
    """Where the picture comes from, and the square of it that is looked at; and a canvas to paint on it."""
    size = studio.worlds.shipped.size
    sources: list[Any] = ["upload", "clipboard", "webcam"]
    picture = Picture(sources=sources, label="your picture", height=190, buttons=[])
    shipped = gr.Dropdown([PHOTOGRAPH, *studio.worlds.prompts], value=Own().shipped, label="or one that ships")
    with gr.Group(visible=False) as cutting:
        seen = gr.HTML()
        side = _slider(0.1, 1, 1, "size of the square", 0.01)
        right = _slider(0, 1, 0.5, "to the right", 0.01)
        down = _slider(0, 1, 0.5, "down", 0.01)
    canvas = gr.ImageEditor(
        value=_behind(Own(), size),
        type="pil",
        label="as the network sees it: paint on it",
        sources=[],
        transforms=[],
        brush=BRUSH,
        layers=False,
        canvas_size=(CANVAS, CANVAS),
        fixed_canvas=True,
        buttons=[],
        height=400,
    )
    own = {"picture": picture, "shipped": shipped, "side": side, "right": right, "down": down}

    def look(picture: str | None, *chosen: Any) -> tuple[Any, ...]:
        settings = Own(Path(picture) if picture else None, *chosen)
        there = gr.update(visible=bool(picture))
        try:
            return there, _seen(settings, size), _behind(settings, size)
        except Unusable as unusable:
            return there, f'<p class="trouble" role="alert">{escape(str(unusable))}</p>', gr.skip()

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}
    changes = [picture.change, shipped.change, *(slider.change for slider in (side, right, down))]
    gr.on(changes, look, [*own.values()], [cutting, seen, canvas], **quiet)
    return own, canvas


def _whole(own: Own) -> Any:
    return _opened(own.picture, own.shipped)


@lru_cache(maxsize=4)
def _opened(picture: Path | None, shipped: str) -> Any:
    """Read once, however often the square is moved."""
    return Own(picture, shipped).whole()


def _seen(own: Own, size: int) -> str:
    """The whole picture with a frame round what is looked at."""
    whole = _whole(own)
    kept = cut(whole, own)
    said = f"{kept.width} × {kept.height} of {whole.width} × {whole.height} pixels, scaled to {size} × {size}"
    shown = f'<img src="{inlined(outlined(whole, own))}" alt="{said}">'
    return f'<figure class="cut">{shown}<figcaption>{said}</figcaption></figure>'


def _behind(own: Own, size: int) -> dict[str, Any]:
    """What the canvas shows: the square as the network sees it; nothing is painted on it."""
    from PIL import Image

    pixels = scaled(cut(_whole(own), own), size).resize((CANVAS, CANVAS), Image.Resampling.NEAREST)
    return {"background": pixels, "layers": [], "composite": None}
