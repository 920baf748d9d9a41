"""An anagram that turns under the pointer, and a hybrid that goes away from it."""

from collections.abc import Callable
from functools import partial

import gradio as gr

from ..moving import receding, turning
from ..running import Studio, running
from ..shown import rows, shown
from ..work import Side, Work
from .sample import prompt

TITLE = "Illusions"


def build(studio: Studio) -> None:
    """One tab for each."""
    with gr.Tab("Anagram"):
        _illusion(studio, "anagram", {"upright": "strawberry", "flipped": "rose"}, turning)
    with gr.Tab("Hybrid"):
        _illusion(studio, "hybrid", {"near": "cat face", "far": "red heart"}, receding)


def _illusion(studio: Studio, name: str, prompts: dict[str, str], moving: Callable[..., str]) -> None:
    worlds = list(studio.worlds.diffusion)
    hints = {"anagram": "Two pictures in one: turn it over.", "hybrid": "Two pictures in one: step back."}
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            controls = {
                "world": gr.Dropdown(worlds, value=worlds[0], label="world", visible=len(worlds) > 1),
                **{which: prompt(studio, value, which) for which, value in prompts.items()},
                "steps": gr.Slider(5, 100, 40, step=1, label="steps"),
                "pictures": gr.Slider(1, 4, 1, step=1, label="pictures"),
                "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
            }
        with gr.Column(scale=3):
            view = partial(_moving, moving)
            running(studio, name, controls, stage="step", hint=hints[name], view=view)


def _moving(moving: Callable[..., str], work: Work, stage: int | None) -> str:
    """The steps as they are; once a picture is done, or the slider stands at its end, the picture that moves."""

    def pictures(side: Side, stage: int | None) -> str:
        made = side.made
        last = stage is None or (made is not None and stage >= len(made.stages))
        if made is None or side.done < 1 or not last:
            return rows(side, stage)
        (first, images), (second, _) = made.rows
        return f'<div class="rows">{"".join(moving(image, first, second) for image in images)}</div>'

    return shown(work, stage, pictures)
