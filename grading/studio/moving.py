"""Pictures that show something else when they are turned, or seen from afar: moved in the browser, without asking here."""

from html import escape

from torch import Tensor

from .shown import picture

__all__ = ["STYLE", "receding", "turning"]

STYLE = """
.moving { width: 22rem; max-width: 100%; }
.moving .room { aspect-ratio: 1; display: grid; place-items: center; perspective: 60rem; touch-action: none; }
.moving img { width: 100%; display: block; image-rendering: pixelated; border-radius: 6px; }
.turning img { transform: rotateX(calc(var(--moved) * 180deg)); }
.receding img { width: calc(100% / (1 + 24 * var(--moved) * var(--moved))); }
.moving input { width: 100%; accent-color: var(--color-accent); }
.moving .ends { display: flex; justify-content: space-between; }
"""

#: The pointer's place from left to right is the slider's; a keyboard moves the slider itself.
_POINTED = (
    "const room = this.getBoundingClientRect(), slider = this.parentElement.querySelector('input');"
    "slider.value = (event.clientX - room.left) / room.width;"
    "slider.dispatchEvent(new Event('input'))"
)
_MOVED = (
    "this.parentElement.style.setProperty('--moved', this.value);"
    "this.parentElement.querySelector('img').style.imageRendering = this.dataset.smooth && this.value > 0.5 ? 'auto' : ''"
)


def turning(image: Tensor, upright: str, flipped: str) -> str:
    """One picture (C, H, W) that turns upside down, about its middle row, as the pointer goes from left to right."""
    return _moving("turning", image, "turned", upright, flipped)


def receding(image: Tensor, near: str, far: str) -> str:
    """One picture (C, H, W) that goes away as the pointer goes from left to right."""
    return _moving("receding", image, "distance", near, far)


def _moving(kind: str, image: Tensor, what: str, first: str, last: str) -> str:
    said = f"{escape(first)}; {what}: {escape(last)}"
    smooth = ' data-smooth="yes"' if kind == "receding" else ""
    return (
        f'<figure class="moving {kind}" style="--moved: 0">'
        f'<div class="room" onpointermove="{_POINTED}"><img src="{picture(image)}" alt="{said}"></div>'
        f'<input type="range" min="0" max="1" step="0.01" value="0" aria-label="{what}"{smooth} oninput="{_MOVED}">'
        f'<figcaption class="ends"><span>{escape(first)}</span><span>{escape(last)}</span></figcaption></figure>'
    )
