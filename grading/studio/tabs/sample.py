"""DDPM and DDIM from the same noise, and a flow's Euler steps; the trajectory as a slider."""

import gradio as gr

from ..running import Studio, running

TITLE = "Sample"


def build(studio: Studio) -> None:
    """One tab for each kind of model."""
    with gr.Tab("Diffusion"):
        _diffusion(studio)
    with gr.Tab("Flow matching"):
        _flow(studio)


def _flow(studio: Studio) -> None:
    """Digit, steps and guidance left; the way right."""
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            controls = {
                "digit": gr.Slider(0, 9, 3, step=1, label="digit"),
                "steps": gr.Slider(1, 50, 10, step=1, label="steps"),
                "guidance": gr.Slider(0, 10, 5, step=0.5, label="guidance"),
                "pictures": gr.Slider(1, 4, 2, step=1, label="pictures"),
                "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
            }
        with gr.Column(scale=3):
            running(studio, "flow", controls, stage="step", hint="A digit along a velocity, in a few straight steps.")


def _diffusion(studio: Studio) -> None:
    """Prompt, steps, η and guidance left; both samplers right."""
    worlds = list(studio.worlds.diffusion)
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            controls = {
                "world": gr.Dropdown(worlds, value=worlds[0], label="world", visible=len(worlds) > 1),
                "prompt": prompt(studio),
                "steps": gr.Slider(2, 100, 25, step=1, label="steps"),
                "eta": gr.Slider(0, 1, 0, step=0.05, label="η of DDIM"),
                "guidance": gr.Slider(0, 10, 3, step=0.5, label="guidance"),
                "pictures": gr.Slider(1, 4, 2, step=1, label="pictures"),
                "seed": gr.Number(0, precision=0, minimum=0, label="seed"),
            }
        with gr.Column(scale=3):
            running(studio, "sample", controls, stage="step", hint="The same noise, by two samplers.")


def prompt(studio: Studio, value: str = "cat face", label: str = "prompt") -> gr.Dropdown:
    """The prompts that the emoji network knows; where Stable Diffusion is, any other may be typed."""
    free = len(studio.worlds.diffusion) > 1
    prompts = [("(no prompt)", ""), *((prompt, prompt) for prompt in studio.worlds.prompts)]
    return gr.Dropdown(prompts, value=value, label=label, allow_custom_value=free, filterable=True)
