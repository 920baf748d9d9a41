"""A picture of one's own, dropped, pasted or photographed. Whether it is one is told where it is opened, in words."""

import gradio as gr

__all__ = ["upload"]

class _Unopened(gr.Image):
    """Gradio opens what is uploaded before anybody is asked; here the recipe does, from a file."""

    def preprocess(self, payload):
        return payload.path if payload is not None else None

    def get_block_name(self) -> str:
        return "image"
    from collections.abc import Callable, Sequence
    from typing import TYPE_CHECKING, Any, Literal

    from gradio.blocks import Block

    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component

def upload(label: str) -> gr.Image:
    """The component; its value is the file's path, or None."""
    return _Unopened(label=label, type="filepath", sources=["upload", "clipboard", "webcam"], height=190, buttons=[])
