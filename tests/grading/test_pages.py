"""The smoke run's page in a real browser: what it shows, on a wide screen and on a phone, in light and in dark."""

import pytest
import torch

from grading.pictures import report
from grading.pictures.demonstration import Shown
from grading.pictures.run import FAILED, PASSED, Outcome

from .in_browser import shown


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("smoke")
    pictures = Shown(frames=torch.rand(4, 3, 32, 32))
    pictures.show("a <i>row</i>", torch.zeros(12, 3, 32, 32))
    pictures.show("another", torch.zeros(3, 3, 32, 32))
    measure = {"value": 0.5, "better": "lower", "reference": 0.4, "limit": 0.6}
    measures = {"error of a measure whose name takes many words at t = 250 & 500": measure}
    outcomes = [
        Outcome("one that passed", PASSED, 1.0, [], measures, pictures),
        Outcome("one that failed", FAILED, 2.0, ["<script>document.title = 'taken over'</script>" + "x" * 200]),
    ]
    report.write(outcomes, "handed in", 3, "cpu", folder)
    for picture in folder.glob("*.[pg][ni][gf]"):
        picture.unlink()  # the page alone can be sent to somebody
    return folder / "index.html"


@pytest.fixture(params=[(1280, "light"), (375, "dark")], ids=["wide", "phone"])
def page(browser, page_file, request):
    with shown(browser, page_file, *request.param) as page:
        yield page


def test_every_picture_is_there(page):
    widths = page.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
    assert widths == [12 * 66 + 2, 3 * 66 + 2, 128]
    assert not page.complaints


def test_nothing_reaches_over_the_side(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_a_submission_says_is_text(page):
    assert page.title() == "Smoke run: handed in"
    assert "<script>document.title" in page.inner_text("p.failed")
    assert page.locator("figcaption").all_inner_texts() == ["a <i>row</i>", "another"]
    assert page.locator("script, figcaption i").count() == 0


def test_words_stand_out_from_the_page(page):
    colours = page.evaluate(
        """() => [getComputedStyle(document.querySelector('span.failed')).color,
                  getComputedStyle(document.body).color,
                  matchMedia('(prefers-color-scheme: dark)').matches]"""
    )
    failed, text, dark = colours
    assert (failed, text) == (
        ("rgb(255, 138, 128)", "rgb(255, 255, 255)") if dark else ("rgb(163, 21, 15)", "rgb(0, 0, 0)")
    )
