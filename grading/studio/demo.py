"""The recorded demo: somebody at the page with a pointer, as a GIF for the README. Waits are shortened, nothing else is."""

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from ..paths import FIXTURES, ROOT
from ..verdicts import Unusable

__all__ = ["GIF", "record"]

GIF = FIXTURES / "gallery" / "studio.gif"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
VIEW, WIDTH = {"width": 1160, "height": 860}, 800  # pixels of the page, and of a frame's width
LONGEST, SHORTEST = 150, 60  # milliseconds that a frame is shown
STANDING = 2000  # … at the end of a scene
BETWEEN = 0.4  # seconds between two looks at what is being made: noise makes large files
COLOURS = 96
PATIENCE = 120_000  # milliseconds

#: An anagram whose second estimate is not turned back.
SUBMISSION = """
def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
    return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped)) / 2
"""

#: A browser without a screen shows no pointer.
POINTER = """
addEventListener("DOMContentLoaded", () => {
  const pointer = document.createElement("div");
  pointer.innerHTML = '<svg width="22" height="22" viewBox="0 0 22 22"><path d="M2 1v17l4-4 3 7 3-1-3-7h6z" fill="#111" stroke="#fff" stroke-width="1.3"/></svg>';
  pointer.style.cssText = "position: fixed; z-index: 99999; pointer-events: none; left: -40px; top: 0";
  document.body.append(pointer);
  addEventListener("pointermove", (event) => {
    pointer.style.left = `${event.clientX - 2}px`;
    pointer.style.top = `${event.clientY - 1}px`;
  }, true);
});
"""

Point = tuple[float, float]  # of a box, from 0 to 1
ORANGE, BROWN, PINK = "#f9b233", "#3f2a1d", "#e0218a"
HEAD: list[Point] = [
    (0.28, 0.4),
    (0.72, 0.4),
    (0.78, 0.55),
    (0.22, 0.55),
    (0.24, 0.68),
    (0.76, 0.68),
    (0.66, 0.8),
    (0.34, 0.8),
]
EARS: list[list[Point]] = [[(0.2, 0.42), (0.2, 0.16), (0.38, 0.3)], [(0.62, 0.3), (0.8, 0.16), (0.8, 0.42)]]
EYES: list[list[Point]] = [[(0.36, 0.48), (0.36, 0.51)], [(0.64, 0.48), (0.64, 0.51)]]
MOUTH: list[Point] = [(0.36, 0.66), (0.43, 0.72), (0.5, 0.66), (0.57, 0.72), (0.64, 0.66)]
FOREHEAD: list[Point] = [(0.38, 0.27), (0.62, 0.27), (0.62, 0.34), (0.38, 0.34)]


class Camera:
    """The page, somebody's hand, and what was seen."""

    def __init__(self, page: Any) -> None:
        self.page, self.frames, self.lengths = page, list[Image.Image](), list[int]()
        self.last = time.monotonic()

    def look(self) -> None:
        """One more frame; the one before was seen until now."""
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        frame = shot.resize((WIDTH, WIDTH * VIEW["height"] // VIEW["width"]), Image.Resampling.LANCZOS)
        now = time.monotonic()
        if self.lengths and self.lengths[-1] != STANDING:
            self.lengths[-1] = min(max(round(1000 * (now - self.last)), SHORTEST), LONGEST)
        self.last = now
        self.frames.append(frame)
        self.lengths.append(LONGEST)

    def stand(self) -> None:
        """What is seen now stays for a while."""
        self.look()
        self.lengths[-1] = STANDING

    def visible(self, selector: str) -> Any:
        return self.page.locator(selector).locator("visible=true").first

    def move(self, box: dict[str, float], to: Point, steps: int = 3) -> None:
        """The pointer, to a place in a box."""
        self.page.mouse.move(box["x"] + to[0] * box["width"], box["y"] + to[1] * box["height"], steps=steps)
        self.look()

    def press(self, element: Any) -> None:
        self.move(element.bounding_box(), (0.5, 0.5))
        element.click()
        self.look()

    def tab(self, name: str) -> None:
        self.press(self.page.get_by_role("tab", name=name, exact=True).locator("visible=true"))

    def stroke(self, points: Sequence[Point], colour: str, width: int) -> None:
        self.visible(".tools input[name=other]").fill(colour)
        self.visible(".tools input[name=width]").fill(str(width))
        box = self.visible(".pad canvas").bounding_box()
        self.move(box, points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.move(box, point, steps=6)
        self.page.mouse.up()
        self.look()

    def make(self, looks: int = 1000) -> None:
        """Press the button, and watch until all is done, or stop it after so many looks."""
        self.press(self.visible("button.make"))
        self.visible(".side img").wait_for()
        while self.visible(".side progress").count():
            self.look()
            time.sleep(BETWEEN)
            looks -= 1
            if not looks:
                self.press(self.page.get_by_role("button", name="Stop").locator("visible=true"))
        self.stand()

    def write(self, file: Path) -> None:
        """A GIF with one palette for all frames, so that only what has changed takes room."""
        some = self.frames[:: max(1, len(self.frames) // 12)]
        sheet = Image.new("RGB", (WIDTH, sum(frame.height for frame in some)))
        for place, frame in enumerate(some):
            sheet.paste(frame, (0, place * frame.height))
        palette = sheet.quantize(COLOURS)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames)
        first.save(file, save_all=True, append_images=others, duration=self.lengths, loop=0, optimize=True)


def record(file: Path = GIF) -> Path:
    """A drawing becomes a face, a cat gets another forehead, a wrong anagram turns beside the right one."""
    with tempfile.TemporaryDirectory() as folder:
        homework = Path(folder) / "my_homework"
        homework.mkdir()
        (homework / "illusions.py").write_text(SUBMISSION)
        with _served(homework) as address, _browser() as browser:
            page = browser.new_page(viewport=VIEW)
            page.set_default_timeout(PATIENCE)
            page.add_init_script(POINTER)
            page.goto(address)
            page.get_by_role("tab", name="Draw").wait_for()
            camera = Camera(page)
            _draw(camera)
            _paint(camera)
            _turn(camera)
            camera.write(file)
    return file


def _draw(camera: Camera) -> None:
    camera.press(camera.visible("label[data-testid=reference-radio-label]"))
    camera.stroke(HEAD, ORANGE, 96)
    for ear in EARS:
        camera.stroke(ear, ORANGE, 44)
    for eye in EYES:
        camera.stroke(eye, BROWN, 48)
    camera.stroke(MOUTH, BROWN, 20)
    camera.make(looks=12)


def _paint(camera: Camera) -> None:
    camera.tab("Edit")
    camera.press(camera.visible("label[data-testid=reference-radio-label]"))
    camera.stroke(FOREHEAD, PINK, 64)
    camera.make()


def _turn(camera: Camera) -> None:
    camera.tab("Illusions")
    camera.make()
    for number in range(2):
        room = camera.page.locator(".turning .room").locator("visible=true").nth(number).bounding_box()
        for step in range(16):
            camera.move(room, (step / 15, 0.5))
        camera.stand()


@contextmanager
def _served(submission: Path) -> Iterator[str]:
    """The page's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "-m", "grading", "studio", submission.name, "--port", str(port)]
    ours = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=submission.parent, env=ours, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        try:
            if not said.startswith("studio: "):
                raise Unusable("--demo: the page did not come up")
            yield said.split()[1]
        finally:
            process.terminate()


@contextmanager
def _browser() -> Iterator[Any]:
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    if installed is None:
        raise Unusable(f"--demo: expected a browser on the PATH: {', '.join(BROWSERS)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        yield browser
        browser.close()
