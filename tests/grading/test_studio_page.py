"""The studio's page in a browser, used by pointer and keyboard as a person would: `nox -s studio_tests`."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request

import pytest
from PIL import Image
from playwright.sync_api import expect

from grading.paths import ROOT

from .in_browser import violations

pytestmark = pytest.mark.studio

LONG = 120_000  # milliseconds, on a busy machine
HEAD = [
    (0.15, 0.5),
    (0.2, 0.15),
    (0.35, 0.3),
    (0.65, 0.3),
    (0.8, 0.15),
    (0.85, 0.5),
    (0.7, 0.8),
    (0.3, 0.8),
    (0.15, 0.5),
]
STROKES = [
    HEAD,
    [(0.33, 0.45), (0.33, 0.5)],
    [(0.66, 0.45), (0.66, 0.5)],
    [(0.5, 0.58), (0.5, 0.62)],
    [(0.38, 0.68), (0.5, 0.72), (0.62, 0.68)],
]
SUBMISSION = {
    "ddim.py": """
        def sample_ddim(*arguments, **keywords):
            while True:
                pass
        """,
    "illusions.py": """
        def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
            return (model(x_t, t, cond_upright) + model(x_t.flip(2), t, cond_flipped)) / 2  # not turned back
        """,
    "inversion.py": """
        def scribble_loss(image, sketch, mask):
            raise RuntimeError("<img src=https://example.org/x onerror=alert(1)> is not shown as a picture")
        """,
}


NOTES = """
import os, socket, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        with open(os.environ["ASKED"], "a") as file:
            file.write(f"{arguments[1] if event == 'socket.connect' else arguments[0]}\\n")

sys.addaudithook(note)
"""


def served(folder, *arguments):
    """A server of its own, and its address. Whom its processes connect to is noted in ``folder``."""
    (folder / "sitecustomize.py").write_text(NOTES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "grading", "studio", *map(str, arguments), "--port", str(port)]
    noted = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "ASKED": str(folder / "asked.txt"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | noted)
    said = process.stdout.readline()
    assert said.startswith("studio: http://127.0.0.1:"), said
    return process, said.split()[1]


@pytest.fixture(scope="module")
def submission(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio") / "my_homework"
    folder.mkdir()
    for name, source in SUBMISSION.items():
        (folder / name).write_text(textwrap.dedent(source))
    return folder


@pytest.fixture(scope="module")
def address(submission, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    process, address = served(folder, submission)
    yield address
    process.terminate()
    process.wait(10)
    asked = set((folder / "asked.txt").read_text().split("\n"))
    assert {one for one in asked if one and "127.0.0.1" not in one and not one.startswith(("/", "localhost"))} == set()


@pytest.fixture
def page(browser, address):
    """The page, with what it ``asked`` for."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(LONG)
    page.asked, page.complaints = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(address)
    page.get_by_role("tab", name="Draw").wait_for()
    yield page
    assert page.complaints == []
    outside = [url for url in page.asked if not url.startswith((address, "data:", "blob:"))]
    assert outside == []
    page.close()


def seen(page, selector):
    return page.locator(selector).locator("visible=true")


def tab(page, *names):
    for name in names:
        one = page.get_by_role("tab", name=name, exact=True).locator("visible=true")
        one.click()
        expect(one).to_have_attribute("aria-selected", "true")
        page.wait_for_timeout(300)  # until what it hides is gone


def whose(page, side):
    page.get_by_role("radio", name=side, exact=True).locator("visible=true").check()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).locator("visible=true").click()


def make(page):
    """Once something has come of it."""
    before = seen(page, ".view.prose").inner_html()
    press(page, "Make")
    page.wait_for_function(
        "(before) => [...document.querySelectorAll('.view.prose')].find((one) => one.checkVisibility()).innerHTML != before",
        arg=before,
    )


def done(page):
    """When nothing of a run is going on any more: its sides."""
    seen(page, ".side").first.wait_for()
    page.wait_for_function("![...document.querySelectorAll('.side progress')].some((one) => one.checkVisibility())")
    return [seen(page, ".side").nth(i) for i in range(seen(page, ".side").count())]


def draw(page, strokes=STROKES):
    box = seen(page, ".pad canvas").bounding_box()
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
            if not number:
                page.mouse.down()
        page.mouse.up()


# --- drawing ----------------------------------------------------------------------------------------------------


def test_a_cats_face_of_five_strokes_becomes_a_picture_and_its_error_is_told(page):
    draw(page)
    whose(page, "reference")
    make(page)
    (side,) = done(page)
    assert side.locator("img").count() == 2
    error = re.search(r"error where drawn\s*([\d.]+)", side.inner_text())
    assert float(error[1]) < 0.2
    assert "loss," in side.inner_text()


def test_a_search_is_stopped_and_goes_on_where_it_was(page):
    draw(page)
    whose(page, "reference")
    page.get_by_text("settings", exact=True).locator("visible=true").click()
    page.get_by_label("iterations").locator("visible=true").first.fill("1000")
    make(page)
    seen(page, ".side polyline").wait_for()
    press(page, "Stop")
    (side,) = done(page)
    before = int(re.search(r"in (\d+) looks", side.inner_text())[1])
    press(page, "Go on")
    page.wait_for_function(
        f"Number([...document.querySelectorAll('.side')].map((one) => one.innerText.match(/in (\\d+) looks/)?.[1])[0]) > {before + 5}"
    )
    press(page, "Stop")
    assert "stopped" in done(page)[0].inner_text()


def test_an_empty_drawing_is_told_and_what_is_drawn_then_is_made(page):
    whose(page, "reference")
    make(page)
    (side,) = done(page)
    assert side.get_by_role("alert").inner_text() == "nothing is drawn yet: draw on the canvas, then ask again"
    draw(page)
    make(page)
    (side,) = done(page)
    assert side.locator("img").count() == 2


def test_it_is_drawn_made_and_stopped_by_keys_alone(page):
    canvas = seen(page, ".pad canvas")
    canvas.focus()
    for key in ["ArrowUp"] * 4 + [" "] + ["ArrowRight"] * 6 + ["ArrowDown"] * 6 + [" "]:
        page.keyboard.press(key)
    tab(page, "SDEdit")
    page.get_by_role("radio", name="reference").locator("visible=true").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="reference").locator("visible=true")).to_be_checked()
    page.get_by_role("button", name="Make").locator("visible=true").focus()
    page.keyboard.press("Enter")
    (side,) = done(page)
    assert side.locator("img").count() == 2
    slider = page.get_by_role("slider", name="range slider for step").locator("visible=true")
    slider.focus()
    page.keyboard.press("Home")
    seen(page, "figcaption").filter(has_text="x_t at t =").wait_for()
    slider.focus()
    page.keyboard.press("End")
    seen(page, "figcaption").filter(has_text="edited: cat face").wait_for()


# --- mine against right ---------------------------------------------------------------------------------------------


def test_what_hangs_says_so_in_its_place_and_the_right_one_is_there(page):
    tab(page, "Sample")
    make(page)
    yours, reference = done(page)
    assert "did not come to an end within the time limit" in yours.get_by_role("alert").inner_text()
    assert reference.locator("img").count() == 4


def test_what_raises_is_quoted_as_text(page):
    draw(page)
    make(page)
    yours, reference = done(page)
    assert "<img src=https://example.org/x onerror=alert(1)>" in yours.get_by_role("alert").inner_text()
    assert yours.locator("img").count() == 0 and reference.locator("img").count() == 2


def test_a_hanging_function_can_be_stopped(page):
    tab(page, "Sample")
    whose(page, "yours")
    make(page)
    page.wait_for_timeout(2000)
    press(page, "Stop")
    (side,) = done(page)
    assert "stopped" in side.inner_text()


def test_a_wrong_anagram_stands_beside_the_right_one(page):
    tab(page, "Illusions")
    make(page)
    yours, reference = done(page)
    assert yours.locator("img").first.get_attribute("src") != reference.locator("img").first.get_attribute("src")
    assert "with a lent" in yours.inner_text()


def test_two_browsers_share_nothing(browser, page, address):
    other = browser.new_page()
    other.set_default_timeout(LONG)
    other.goto(address)
    for one, prompt in ((page, "panda face"), (other, "red heart")):
        tab(one, "Sample")
        whose(one, "reference")
        chosen = one.get_by_label("prompt").locator("visible=true").first
        chosen.fill(prompt)
        chosen.press("Enter")
    make(page)
    make(other)
    pictures = [{img.get_attribute("src") for img in done(one)[0].locator("img").all()} for one in (page, other)]
    assert all(pictures) and not pictures[0] & pictures[1]
    other.close()


TABS = [
    ("Draw", "SDEdit"),
    ("Edit", "Inpaint"),
    ("Edit", "Prompt"),
    ("Edit", "Restore"),
    ("Invert and walk",),
    ("Illusions", "Hybrid"),
    ("Sample", "Flow matching"),
    ("Distil",),
]


@pytest.mark.parametrize("names", TABS, ids=" ".join)
def test_each_tab_shows_what_it_makes_while_it_is_made(page, names):
    tab(page, *names)
    whose(page, "reference")
    if seen(page, ".pad canvas").count():
        draw(page, STROKES[:1])
    make(page)
    seen(page, ".side img").first.wait_for()
    stop = page.get_by_role("button", name="Stop", exact=True).locator("visible=true")
    stop.evaluate("(button) => button.click()")  # nothing happens where it has ended meanwhile
    (side,) = done(page)
    assert side.locator("img").count() > 0
    assert side.get_by_role("alert").count() == 0


def test_an_anagram_turns_under_the_pointer_and_by_keys(page):
    tab(page, "Illusions", "Anagram")
    whose(page, "reference")
    make(page)
    done(page)
    room, slider = seen(page, ".turning .room"), seen(page, ".turning input")
    height = "(image) => new DOMMatrix(getComputedStyle(image).transform).m22"  # 1 upright, -1 upside down
    image = seen(page, ".turning img")
    assert image.evaluate(height) == 1
    box = room.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 20)
    assert image.evaluate(height) < -0.99
    page.mouse.move(box["x"] + 1, box["y"] + 20)
    assert image.evaluate(height) > 0.99
    slider.focus()
    page.keyboard.press("End")
    assert image.evaluate(height) == -1


def test_a_hybrid_goes_away_by_keys(page):
    tab(page, "Illusions", "Hybrid")
    whose(page, "reference")
    make(page)
    done(page)
    near = seen(page, ".receding img").bounding_box()["width"]
    seen(page, ".receding input").focus()
    page.keyboard.press("End")
    assert seen(page, ".receding img").bounding_box()["width"] < near / 20


def test_what_is_painted_over_is_drawn_anew_and_nothing_else(page):
    tab(page, "Edit", "Inpaint")
    whose(page, "reference")
    make(page)
    (side,) = done(page)
    assert "paint over what is to be drawn anew" in side.get_by_role("alert").inner_text()
    draw(page, STROKES[-1:])
    make(page)
    (side,) = done(page)
    assert re.search(r"change where the picture is kept\s*0$", side.inner_text(), re.MULTILINE)
    assert len({img.get_attribute("src") for img in side.locator("img").all()}) == 4  # three pictures, and what is kept


# --- pictures of one's own ------------------------------------------------------------------------------------------


def test_a_photograph_of_twenty_megapixels_is_taken_and_a_text_file_is_refused(page, tmp_path):
    photo, text = tmp_path / "photo.jpg", tmp_path / "notes.png"
    Image.effect_mandelbrot((5472, 3648), (-2, -1.2, 1, 1.2), 40).convert("RGB").save(photo, quality=90)
    text.write_text("this is no picture")
    tab(page, "Edit")
    upload = page.locator("input[type=file]").locator("visible=true").or_(page.locator("input[type=file]")).first
    upload.set_input_files(photo)
    seen(page, "figcaption").filter(has_text="3648 × 3648 of 5472 × 3648 pixels, scaled to 32 × 32").wait_for()
    page.get_by_role("slider", name="size of the square").locator("visible=true").focus()
    page.keyboard.press("Home")
    seen(page, "figcaption").filter(has_text="365 × 365 of 5472 × 3648 pixels").wait_for()
    page.get_by_label("Remove Image").or_(page.get_by_label("Clear")).locator("visible=true").first.click()
    page.locator("input[type=file]").first.set_input_files(text)
    page.get_by_text("expected a picture such as PNG, JPEG or WebP").locator("visible=true").first.wait_for()
    assert seen(page, ".pad canvas").count() == 1


# --- saving, and what is not given away -------------------------------------------------------------------------------


def test_the_command_line_makes_the_saved_picture_again(page, tmp_path):
    tab(page, "Sample")
    whose(page, "reference")
    page.get_by_label("η of DDIM").locator("visible=true").first.fill("0.5")
    make(page)
    done(page)
    press(page, "Save")
    command = seen(page, "textarea").input_value()
    with page.expect_download() as download:
        seen(page, "a[download]").first.click()
    download.value.save_as(tmp_path / "saved.png")
    words = shlex.split(command)
    assert words[:4] == ["nox", "-s", "studio", "--"] and "eta=0.5" in words
    words[words.index("--out") + 1] = str(tmp_path / "again.png")
    subprocess.run([sys.executable, "-m", "grading", "studio", *words[4:]], cwd=ROOT, check=True, timeout=300)
    assert Image.open(tmp_path / "again.png").tobytes() == Image.open(tmp_path / "saved.png").tobytes()


@pytest.mark.parametrize(
    "path", ["/etc/passwd", str(ROOT / "reference" / "ddpm.py"), "reference/ddpm.py", "{submission}/ddim.py"]
)
def test_no_file_of_this_machine_is_served(address, submission, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}gradio_api/file={path.format(submission=submission)}")
    assert refused.value.code in (403, 404)


def test_no_file_of_this_machine_is_taken_for_an_upload(address):
    """Whoever asks the server without the page gets no picture that was not uploaded."""
    asked = json.load(urllib.request.urlopen(f"{address}config"))["dependencies"]
    (look,) = (one["id"] for one in asked if one["api_name"] == "look")
    file = {"path": str(ROOT / "fixtures" / "gallery" / "inpainting.png"), "meta": {"_type": "gradio.FileData"}}
    asking = {"data": [file, "cat face", 1, 0.5, 0.5], "fn_index": look, "session_hash": "somebody"}
    header = {"Content-Type": "application/json"}
    urllib.request.urlopen(
        urllib.request.Request(f"{address}gradio_api/queue/join", json.dumps(asking).encode(), header)
    )
    with urllib.request.urlopen(f"{address}gradio_api/queue/data?session_hash=somebody", timeout=60) as news:
        ended = next(line for line in map(bytes.decode, news) if "process_completed" in line)
    assert "it was not uploaded" in ended and "base64" not in ended


def test_every_tab_is_there_and_a_screen_reader_finds_its_way(page):
    names = ["Draw", "Edit", "Invert and walk", "Illusions", "Sample", "Distil"]
    for name in names:
        tab(page, name)
        assert page.get_by_role("button", name="Make", exact=True).locator("visible=true").count() == 1
        assert violations(page) == []
