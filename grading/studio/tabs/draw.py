"""A drawing becomes a picture: by a search in a generator's latents, or by SDEdit."""

import gradio as gr

from ..canvas import canvas
from ..running import Studio, running
from .sample import prompt

TITLE = "Draw"


def build(studio: Studio) -> None:
    """One canvas for both ways."""
    gans, worlds = list(studio.worlds.gans), list(studio.worlds.diffusion)
    first = "animals" if "animals" in gans else gans[0]  # a cat is easily drawn
    with gr.Row():
        with gr.Column(scale=2, min_width=360):
            drawing = canvas(studio.worlds.palette(first))
        with gr.Column(scale=3), gr.Tabs():
            with gr.Tab("Search"):
                with gr.Accordion("settings", open=False):
                    search = {
                        "gan": gr.Dropdown(gans, value=first, label="generator"),
                        "space": gr.Radio([*studio.worlds.spaces(first)], value="w+", label="space"),
                        "scribble_weight": gr.Slider(0, 5, 1, step=0.1, label="weight of the drawing"),
                        "perceptual_weight": gr.Slider(0, 1, 0, step=0.01, label="weight of features"),
                        "delta_weight": gr.Slider(0, 0.05, 0.003, step=0.001, label="weight of |δ|²"),
                        "optimizer": gr.Radio(["lbfgs", "adam"], value="lbfgs", label="optimiser"),
                        "steps": gr.Slider(10, 1000, 200, step=10, label="iterations"),
                        "from_mean": gr.Checkbox(True, label="start from the mean"),
                        "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
                    }
                running(studio, "draw", {"drawing": drawing, **search}, goes_on=True, hint="Draw a face, then make it.")
            with gr.Tab("SDEdit"):
                with gr.Accordion("settings", open=False):
                    sdedit = {
                        "world": gr.Dropdown(worlds, value=worlds[0], label="world", visible=len(worlds) > 1),
                        "prompt": prompt(studio, "cat face"),
                        "start": gr.Slider(0, 24, 8, step=1, label="start index: the later, the closer to the drawing"),
                        "steps": gr.Slider(5, 100, 25, step=1, label="N, steps from pure noise"),
                        "guidance": gr.Slider(0, 10, 3, step=0.5, label="strength of guidance"),
                        "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
                    }
                sdedit["steps"].input(
                    lambda steps: gr.update(maximum=steps - 1), sdedit["steps"], sdedit["start"], show_progress="hidden"
                )
                running(
                    studio,
                    "sdedit",
                    {"drawing": drawing, **sdedit},
                    stage="step",
                    hint="The drawing, as a prompt has it.",
                )

    def other(gan: str) -> list[dict]:
        """Other generators have other colours, and other spaces."""
        spaces = [*studio.worlds.spaces(gan)]
        return [gr.update(palette=studio.worlds.palette(gan)), gr.update(choices=spaces, value=spaces[-1])]

    search["gan"].input(
        other, search["gan"], [drawing, search["space"]], show_progress="hidden", api_visibility="private"
    )
