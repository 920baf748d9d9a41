"""Inversion of a picture, a walk to a second one, a triangle with a third."""

import gradio as gr

from ..recipes.invert import STARTS
from ..running import Studio, running
from ..upload import upload

TITLE = "Invert and walk"


def build(studio: Studio) -> None:
    """Which pictures left, how they are looked for below, what is found right."""
    gans = list(studio.worlds.gans)
    first, second, *_ = known = studio.worlds.examples(gans[0])
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            controls = {
                "gan": gr.Dropdown(gans, value=gans[0], label="generator"),
                "first": gr.Dropdown(known, value=first, label="picture"),
                "second": gr.Dropdown(["", *known], value=second, label="walk to"),
                "third": gr.Dropdown(["", *known], value="", label="and a third, for a triangle"),
                "picture": upload("or a picture of yours"),
                "space": gr.Radio([*studio.worlds.spaces(gans[0])], value="w+", label="space"),
                "start": gr.Radio(STARTS, value="mean", label="start"),
            }
            with gr.Accordion("search", open=False):
                controls |= {
                    "optimizer": gr.Radio(["lbfgs", "adam"], value="lbfgs", label="optimiser"),
                    "steps": gr.Slider(10, 500, 60, step=10, label="iterations"),
                    "l1_weight": gr.Slider(0, 20, 10, step=0.5, label="weight of pixels"),
                    "perceptual_weight": gr.Slider(0, 1, 0.01, step=0.01, label="weight of features"),
                    "delta_weight": gr.Slider(0, 0.1, 0, step=0.001, label="weight of |δ|²"),
                    "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
                }
        with gr.Column(scale=3):
            hint = "Look for a picture's latent, then walk from it to another's."
            running(studio, "invert", controls, stage="frame", goes_on=True, hint=hint)

    def others(gan: str) -> list[dict]:
        """Other generators know other pictures, and have other spaces."""
        known, spaces = studio.worlds.examples(gan), [*studio.worlds.spaces(gan)]
        return [
            gr.update(choices=[*known], value=known[0]),
            gr.update(choices=["", *known], value=known[1]),
            gr.update(choices=["", *known], value=""),
            gr.update(choices=spaces, value=spaces[-1]),
        ]

    chosen = [controls[name] for name in ("first", "second", "third", "space")]
    controls["gan"].input(others, controls["gan"], chosen, show_progress="hidden", api_visibility="private")
