"""SDS and VSD, side by side while they search."""

import gradio as gr

from ..running import Studio, running
from .sample import prompt

TITLE = "Distil"


def build(studio: Studio) -> None:
    """Prompt, guidance and step sizes left; both pictures right."""
    worlds = list(studio.worlds.diffusion)
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            controls = {
                "world": gr.Dropdown(worlds, value=worlds[0], label="world", visible=len(worlds) > 1),
                "prompt": prompt(studio, "red heart"),
                "sds_guidance": gr.Slider(0, 100, 7.5, step=0.5, label="guidance of SDS"),
                "vsd_guidance": gr.Slider(0, 100, 7.5, step=0.5, label="guidance of VSD"),
                "steps": gr.Slider(10, 500, 120, step=10, label="steps"),
                "learning_rate": gr.Slider(0.01, 0.2, 0.06, step=0.01, label="step size"),
                "lora_learning_rate": gr.Slider(0.0001, 0.01, 0.001, step=0.0001, label="step size of VSD's LoRA"),
                "pictures": gr.Slider(1, 4, 1, step=1, label="pictures"),
                "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
            }
        with gr.Column(scale=3):
            hint = "A picture by gradient descent, from grey."
            running(studio, "distil", controls, stage="step", hint=hint)
