"""The page: a tab for each file of ``tabs/``, served to this machine only unless told otherwise."""

import os
import tempfile
import threading
from collections.abc import Callable
from html import escape
from importlib import import_module
from pathlib import Path

from . import moving, tabs
from .shown import STYLE
from .whose import Submitted
from .worlds import Worlds

__all__ = ["serve"]

UPLOAD = "80mb"  # a photograph of 20 megapixels has 10
LAYOUT = """
.gradio-container { width: 100% !important; max-width: 1280px !important; margin: 0 auto !important; }
.cut { padding: .75rem .75rem 0; background: var(--block-background-fill); }
.cut img { max-height: 12rem; margin: 0 auto .25rem; display: block; }
.cut figcaption { color: var(--body-text-color-subdued); font-size: .875rem; text-align: center; }
.title h1 { font-size: 1.25rem; font-weight: 600; margin: .5rem 0; }
"""


def serve(submitted: Submitted, host: str, port: int, device: str, say: Callable[[str], None] = print) -> None:
    """Show the page until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="studio-") as scratch:
        # Gradio reads these while it is imported: nobody is told, and what is uploaded goes with this folder.
        os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": scratch, "HF_HUB_OFFLINE": "1"}
        worlds = Worlds(device)
        page = built(submitted, worlds, Path(scratch))
        from . import canvas

        page.queue(default_concurrency_limit=None)
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            quiet=True,
            share=False,
            ssr_mode=False,
            footer_links=[],
            max_file_size=UPLOAD,
            show_error=True,
            prevent_thread_lock=True,
            theme=_theme(),
            css=LAYOUT + STYLE + moving.STYLE + canvas.STYLE,
        )
        threading.Thread(target=worlds.warm, daemon=True).start()  # while somebody looks at the page
        say(f"studio: {address}")
        say("Ctrl-C ends it")
        try:
            page.block_thread()
        finally:
            page.close()


def _theme():
    """Calm, readable as WCAG asks, with fonts that nobody has to fetch."""
    import gradio as gr

    fonts = {"font": ("system-ui", "sans-serif"), "font_mono": ("ui-monospace", "monospace")}
    base = gr.themes.Base(primary_hue="indigo", neutral_hue="slate", **fonts)
    return base.set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        body_text_color_subdued="*neutral_500",
        block_info_text_color="*neutral_500",
    )


def built(submitted: Submitted, worlds: Worlds, scratch: Path):
    """The page, with no server yet."""
    import gradio as gr

    from .running import Studio

    studio = Studio(submitted, worlds, scratch)
    beside = f": {escape(str(submitted.path))} beside the reference" if submitted.path is not None else ""
    with gr.Blocks(title="Studio", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(f"<h1>Studio{beside}</h1>", elem_classes="title")
        for name in tabs.NAMES:
            tab = import_module(f".tabs.{name}", __package__)
            with gr.Tab(tab.TITLE, id=name):
                tab.build(studio)
    return page
