"""A submission's page in a real browser: laid out, reachable by keyboard, by a screen reader's rules, on a phone, on paper."""

import pytest

from .a_page import a_page
from .in_browser import shown, violations


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    file = folder / "page.html"
    file.write_text(a_page(folder), encoding="utf-8")
    return file


@pytest.fixture(params=[(1280, "light"), (360, "dark"), (360, "light")], ids=["wide", "phone, dark", "phone"])
def page(browser, page_file, request):
    with shown(browser, page_file, *request.param) as page:
        yield page


def test_nothing_is_asked_for_and_nothing_is_amiss(page, page_file):
    assert page.asked == [page_file.as_uri()]
    assert page.complaints == []
    assert page.title().startswith("1 of 5 points: Ada </script>")
    assert page.locator("script").count() == 0


def test_nothing_reaches_over_the_side(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_formulas_are_laid_out(page):
    """A fraction is higher than a line of text, and its parts stand above each other."""
    line = page.evaluate("parseFloat(getComputedStyle(document.body).lineHeight)")
    heights = page.eval_on_selector_all("mfrac", "all => all.map(one => one.getBoundingClientRect().height)")
    assert len(heights) >= 4 and min(heights) > line
    above, below = page.eval_on_selector_all(
        "mfrac:first-of-type > *", "all => all.slice(0, 2).map(one => one.getBoundingClientRect().top)"
    )
    assert below > above + 5


def test_what_differs_is_seen_without_colours(page):
    borders = page.eval_on_selector_all(
        "mrow.differs", "all => all.map(one => getComputedStyle(one).borderBottomWidth)"
    )
    assert borders == ["2px"]


def test_a_screen_reader_finds_its_way(page):
    assert violations(page) == []


def test_it_is_reached_by_keyboard(page):
    targets = "[...document.querySelectorAll('table a, summary')]"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(f"{targets}.indexOf(document.activeElement)"))
    assert reached - {-1} == set(range(page.evaluate(f"{targets}.length"))) != set()
    page.focus("summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details').open") is False


def test_on_paper_everything_is_open(page):
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    height = "document.querySelector('details').getBoundingClientRect().height"
    folded = page.evaluate(height)
    page.emulate_media(media="print")
    assert page.evaluate(height) > folded + 50
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(22, 24, 28)"
