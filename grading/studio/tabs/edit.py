"""A picture of one's own: cut and scaled in sight, painted on; then inpainted, edited to a prompt, or measured and restored."""

from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from ...pictures.report import inlined
from ...verdicts import Unusable
from ..canvas import SIDE, canvas
from ..own import PHOTOGRAPH, Own, cut, outlined, scaled
from ..recipes.measured import OPERATORS
from ..recipes.measured import Settings as Measured
from ..running import Studio, running
from ..upload import upload
from .sample import prompt

TITLE = "Edit"
PAINT = "#e0218a"  # which is rare in pictures


def build(studio: Studio) -> None:
    """The picture left; what is done with it right, a tab for each technique."""
    worlds = list(studio.worlds.diffusion)
    with gr.Row():
        with gr.Column(scale=2, min_width=360):
            own, mask = _own(studio)
            world = gr.Dropdown(worlds, value=worlds[0], label="world", visible=len(worlds) > 1)
        with gr.Column(scale=3), gr.Tabs():
            with gr.Tab("Inpaint"):
                with gr.Accordion("settings", open=False):
                    inpainting = {
                        "prompt": prompt(studio, ""),
                        "guidance": gr.Slider(0, 10, 3, step=0.5, label="guidance"),
                        "steps": gr.Slider(5, 100, 50, step=1, label="steps"),
                        **_drawn(),
                    }
                controls = {**own, "mask": mask, "world": world, **inpainting}
                running(studio, "inpainting", controls, stage="step", hint="Paint over what is to be drawn anew.")
            with gr.Tab("Prompt"):
                with gr.Accordion("settings", open=False):
                    prompted = {
                        "prompt": prompt(studio, "lion face"),
                        "guidance": gr.Slider(0, 10, 3, step=0.5, label="strength of guidance"),
                        "start": gr.Slider(
                            0, 24, 10, step=1, label="start index: the later, the closer to the picture"
                        ),
                        **_drawn(),
                    }
                hint = "The picture, as a prompt has it."
                running(studio, "prompted", {**own, "world": world, **prompted}, stage="step", hint=hint)
            with gr.Tab("Restore"):
                with gr.Accordion("settings", open=False):
                    measured = {
                        "operator": gr.Radio(OPERATORS, value=Measured().operator, label="what is measured"),
                        "scale": gr.Slider(0, 8, 0.5, step=0.25, label="scale ζ"),
                        "steps": gr.Slider(5, 200, 50, step=1, label="steps"),
                        **_drawn(),
                    }
                controls = {**own, "mask": mask, "world": world, **measured}
                hint = "Only a measurement of the picture is known; DPS looks for pictures that fit it."
                running(studio, "measured", controls, stage="step", hint=hint)


def _drawn() -> dict[str, Any]:
    return {
        "pictures": gr.Slider(1, 4, 3, step=1, label="pictures"),
        "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
    }


def _own(studio: Studio) -> tuple[dict[str, Any], gr.HTML]:
    """Where the picture comes from, and the square of it that is looked at; and a canvas to paint on it."""
    size = studio.worlds.shipped.size
    picture = upload("your picture")
    shipped = gr.Dropdown([PHOTOGRAPH, *studio.worlds.prompts], value=Own().shipped, label="or one that ships")
    with gr.Group(visible=False) as cutting:
        seen = gr.HTML()
        side = gr.Slider(0.1, 1, 1, step=0.01, label="size of the square")
        right = gr.Slider(0, 1, 0.5, step=0.01, label="to the right")
        down = gr.Slider(0, 1, 0.5, step=0.01, label="down")
    mask = canvas([PAINT], "mask", background=_behind(Own(), size))
    own = {"picture": picture, "shipped": shipped, "side": side, "right": right, "down": down}

    def look(picture: str | None, shipped: str, *square: float) -> tuple[Any, ...]:
        own = Own(Path(picture), shipped, *square) if picture else Own(None, shipped)
        try:
            return gr.update(visible=bool(picture)), _seen(own, size), gr.update(background=_behind(own, size))
        except Unusable as unusable:
            trouble = f'<div class="side"><p class="trouble" role="alert">{escape(str(unusable))}</p></div>'
            return gr.update(visible=True), trouble, gr.skip()

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    picture.clear(lambda: (1, 0.5, 0.5), outputs=[side, right, down], **quiet)
    changes = [picture.change, shipped.change, side.change, right.change, down.change]
    gr.on(changes, look, [*own.values()], [cutting, seen, mask], trigger_mode="always_last", **quiet)
    return own, mask


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


def _behind(own: Own, size: int) -> str:
    """What the canvas shows: the square as the network sees it."""
    pixels = scaled(cut(_whole(own), own), size)
    return inlined(pixels.resize((SIDE, SIDE), Image.Resampling.NEAREST))
