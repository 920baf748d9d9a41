"""The half of a tab that all tabs share: whose functions, Make, Stop and Go on, what comes of it, and saving it."""

import base64
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from . import saved
from .made import Made
from .recipes import recipe
from .settings import command, expect_complete
from .shown import shown
from .whose import BOTH, REFERENCE, WHOSE, Submitted
from .work import Work
from .worlds import Worlds

__all__ = ["Studio", "running"]

DRAWN = "data:image/png;base64,"  # what a canvas gives


@dataclass(frozen=True)
class Studio:
    """What all tabs have in common."""

    submitted: Submitted
    worlds: Worlds
    scratch: Path  # for drawings and saved files


@dataclass(frozen=True)
class Run:
    """One browser's run of one tab."""

    work: Work
    settings: Any
    whose: str


def running(
    studio: Studio,
    name: str,
    controls: Mapping[str, gr.components.Component],
    *,
    stage: str = "",
    goes_on: bool = False,
    hint: str = "",
    view: Callable[..., str] = shown,
) -> None:
    """Buttons, pictures and all they do, for the recipe of this name.

    Args:
        controls: a component for each setting that the page offers, by the setting's name.
        stage: what the slider through ``Made.stages`` is called; none where it is empty.
        goes_on: whether what was stopped can go on: the recipe reads ``begun``.
        hint: what stands there before anything was made.
        view: HTML of (work, stage).
    """
    made = recipe(name)
    run = gr.State(delete_callback=_stop)
    whose = gr.Radio(WHOSE, value=BOTH, label="functions", visible=studio.submitted.path is not None)
    with gr.Row():
        start = gr.Button("Make", variant="primary", elem_classes="make")
        stop = gr.Button("Stop", interactive=False)
        more = gr.Button("Go on", interactive=False, visible=goes_on)
        save = gr.Button("Save", interactive=False)
    slider = gr.Slider(0, 1, step=1, label=stage, visible=False, interactive=True)
    pictures = gr.HTML(f'<p class="empty">{hint}</p>', elem_classes="view")
    files = gr.File(label="saved", visible=False, interactive=False, file_count="multiple")
    again = gr.Textbox(label="makes it again", visible=False, interactive=False, buttons=["copy"])

    def read(values: tuple[Any, ...]) -> Any:
        given = {key: _given(studio, key, value) for key, value in zip(controls, values)}
        return made.Settings(**given)

    def begin(before: Run | None, whose: str, *values: Any) -> tuple[Any, ...]:
        _stop(before)
        return _run(read(values), whose, {}), *_hidden

    def go_on(before: Run, whose: str, *values: Any) -> tuple[Any, ...]:
        """With the settings as they are now: whoever stopped it may have moved a weight."""
        _stop(before)
        return _run(read(values), before.whose, {side.name: side.made for side in before.work.sides}), *_hidden

    def _run(settings: Any, whose: str, begun: dict[str, Made | None]) -> Run:
        def make(f: Any, tell: Any, begun: Made | None) -> Made:
            expect_complete(settings)
            return made.make(settings, f, studio.worlds, tell, begun)

        return Run(Work(studio.submitted, studio.submitted.sides(whose or REFERENCE), make, begun), settings, whose)

    def follow(run: Run) -> Iterator[tuple[Any, ...]]:
        yield view(run.work, None), _off, _on, _off, _off
        for work in run.work.watch():
            if not work.ended:
                yield view(work, None), gr.skip(), gr.skip(), gr.skip(), gr.skip()
        stages = max((len(side.made.stages) for side in run.work.sides if side.made), default=0)
        there = any(side.made for side in run.work.sides)
        last = {"maximum": max(stages, 1), "value": stages}  # after the last stage: the result
        moved = gr.update(visible=stages > 0, interactive=True, **last)
        stopped = any(side.stopped and side.made for side in run.work.sides)
        yield view(run.work, None), moved, _off, gr.update(interactive=stopped), gr.update(interactive=there)

    def keep(run: Run) -> tuple[Any, Any]:
        folder = Path(tempfile.mkdtemp(dir=studio.scratch))
        out = folder / f"{name}.png"
        kept = saved.save(run.work, out) + saved.save_inputs(run.settings, folder)
        said = command(studio.submitted.path, name, run.settings, run.whose, out.name)
        return gr.update(value=[str(file) for file in kept], visible=True), gr.update(value=said, visible=True)

    _hidden = [gr.update(visible=False)] * 3
    _on, _off, inputs = gr.update(interactive=True), gr.update(interactive=False), [run, whose, *controls.values()]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    outputs = [pictures, slider, stop, more, save]
    for button, begins in ((start, begin), (more, go_on)):
        begun = button.click(begins, inputs, [run, slider, files, again], **quiet)
        begun.then(follow, run, outputs, concurrency_limit=None, **quiet)
    stop.click(_stop, run, queue=False, **quiet)
    slider.input(lambda run, at: view(run.work, int(at)), [run, slider], pictures, trigger_mode="always_last", **quiet)
    save.click(keep, run, [files, again], **quiet)


def _stop(run: Run | None) -> None:
    if run is not None:
        run.work.stop()


def _given(studio: Studio, name: str, value: Any) -> Any:
    """A setting of a component's value: what was drawn or uploaded is a file. What is drawn is named after what it is."""
    if isinstance(value, str) and value.startswith(DRAWN):
        content = base64.b64decode(value.removeprefix(DRAWN))
        file = studio.scratch / f"{name}-{hashlib.sha256(content).hexdigest()[:8]}.png"
        file.write_bytes(content)
        return file
    return Path(value) if isinstance(value, str) and Path(value).is_relative_to(studio.scratch) else value
