"""A picture of one's own, dropped, pasted or photographed. Whether it is one is told where it is opened, in words."""

import gradio as gr

__all__ = ["upload"]


def upload(label: str) -> gr.Image:
    """The component; its value is the file's path, or None."""
    picture = gr.Image(label=label, sources=["upload", "clipboard", "webcam"], height=150, buttons=[])
    picture.preprocess = lambda file: file.path if file else None  # Gradio would open it before anybody is asked
    return picture
