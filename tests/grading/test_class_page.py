"""A class's page: what it says of whom, and in a real browser how it sorts, filters and shows slides, on a phone and in dark."""

import base64
import hashlib
import re

import pytest

from grading.report import class_page
from grading.report.class_page import figures

from .in_browser import shown, violations
from .test_atlas import TASK, record, values

HOSTILE = "<script>document.title = 'taken over'</script>"
FAILED = {"verdict": "failed", "score": 0.0, "max_score": 1.0}
PASSED = {"verdict": "passed", "score": 1.0, "max_score": 1.0}
OTHER = "ddim.ddim_step"


def entry(key, name, functions=None, **more):
    known = {"key": key, "name": name, "members": [], "late": False, "state": "graded", "reason": "", "not_graded": []}
    if functions is None:
        return known | more
    reached = sum(one["score"] or 0.0 for one in functions.values())
    points = {"reached": reached, "automatic": float(len(functions)), "by_hand": 0.0}
    return known | {"functions": functions, "points": points} | more


ENTRIES = [
    entry("ann", "Äpfel, Ann", {TASK: FAILED, OTHER: PASSED}, late=True),
    entry("bob", "Bob 10", {TASK: FAILED, OTHER: FAILED}),
    entry("cy", "Bob 9", {TASK: PASSED, OTHER: PASSED}),
    entry("dee", HOSTILE, state="unusable", reason="nothing that can be graded <b>"),
    entry("eve", "Eve", {TASK: {"verdict": "not graded", "score": None, "max_score": 1.0}}, not_graded=[TASK]),
]
SAME = record(values=values(1.0), told=["Your weight is wrong."], code=f"x = '{HOSTILE}'", place="ann_jones.py:3")
RECORDS = {"ann": {TASK: SAME}, "bob": {TASK: SAME, OTHER: record()}, "cy": {}, "eve": {}}


def document(entries):
    return {"course": None, "only": "", "seed": 7, "hints": "mistake", "hand_ins": entries}


@pytest.fixture(scope="module")
def html():
    return class_page.page(document(ENTRIES), RECORDS, {"ann"}, lambda some, other: 0.5)


def visible(html):
    return re.sub(r"\s+", " ", re.sub(r"<(style|script)>.*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL))


# --- what it says ------------------------------------------------------------------------------------------------


def test_it_is_made_anew_to_the_byte(html):
    assert class_page.page(document(ENTRIES), RECORDS, {"ann"}, lambda some, other: 0.5) == html


def test_a_class_in_which_nothing_was_graded_has_a_page():
    text = visible(class_page.page(document([entry("dee", "Dee", state="unusable", reason="empty")]), {}))
    assert "1 hand-ins" in text and "Dee : unusable : empty" in text and "copydetect is not installed" in text
    assert "0 hand-ins" in visible(class_page.page(document([]), {}))


def test_only_who_has_a_page_is_linked(html):
    assert set(re.findall(r'href="(submissions[^"]*)"', html)) == {"submissions/ann/page.html"}


def test_its_policy_lets_its_own_script_in_and_nothing_else(html):
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"script-src 'sha256-{hashed}'" in policy


def test_what_came_of_no_grading_stands_with_its_reason(html):
    text = visible(html)
    assert "unusable : nothing that can be graded &lt;b&gt;" in text
    assert f"the grader is at fault in {TASK}" in text


def test_a_mistake_has_its_members_out_of_those_who_wrote_the_function(html):
    assert "2 of 3: the result is the formula&#39;s" in html


def test_a_slide_names_nobody(html):
    slides = html[html.index('<section class="slide"') : html.index("<script>")]
    assert "Your weight is wrong." in slides and "of 3" in slides
    assert not any(text in slides for text in ("ann", "Ann", "Bob", "x = ", ".py"))


def test_scores_fall_into_tenths_and_all_points_are_counted_apart():
    bars = figures.distribution(ENTRIES)
    assert [(bar.label, bar.count) for bar in bars if bar.count] == [("0–10 %", 2), ("50–60 %", 1), ("100 %", 1)]
    points = [{"points": {"reached": 0.7 * of, "automatic": of}} for of in (1.0, 3.0, 30.0)]
    assert [bar.count for bar in figures.distribution(points)][7] == 3, "rounding puts nobody lower"
    assert figures.distribution([{"points": {"reached": 0.0, "automatic": 0.0}}])[0].count == 0
    assert figures.middle(ENTRIES) == 25.0 and figures.middle([]) is None


def test_a_pass_rate_is_over_those_who_were_graded():
    first, second = figures.rates(ENTRIES, [])
    assert {first.task, second.task} == {TASK, OTHER}
    own = first if first.task == TASK else second
    assert (own.passed, own.failed, own.missing, own.not_graded) == (1, 2, 0, 1)
    assert own.percent == pytest.approx(100 / 3)


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.fixture(params=[(1280, "light"), (360, "dark")], ids=["wide", "phone"])
def page(browser, html, request, tmp_path):
    file = tmp_path / "index.html"
    file.write_text(html, encoding="utf-8")
    with shown(browser, file, *request.param) as page:
        yield page
        assert page.complaints == []
        assert page.asked == [file.as_uri()], "its own file is all that is asked for"


def names(page):
    return page.locator("#table tbody tr:not([hidden]) th bdi").all_inner_texts()


def press(page, header, key="Enter"):
    page.locator("#table thead button", has_text=re.compile(f"^{header}$")).focus()
    page.keyboard.press(key)
    return page.locator("#table thead th", has_text=re.compile(f"^{header}$")).get_attribute("aria-sort")


def test_nothing_reaches_over_the_side_and_names_are_text(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.title() == "5 hand-ins"
    assert HOSTILE in names(page)


def test_a_screen_reader_finds_its_way(page):
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for place in ("", "#slide-1"):
        page.evaluate(f"location.hash = '{place}'")
        assert violations(page) == []


def test_it_sorts_by_keyboard(page):
    assert press(page, "Name") == "ascending"
    assert names(page) == [HOSTILE, "Äpfel, Ann", "Bob 9", "Bob 10", "Eve"]
    assert press(page, "Name", "Space") == "descending"
    assert names(page) == ["Eve", "Bob 10", "Bob 9", "Äpfel, Ann", HOSTILE]
    assert press(page, "Points") == "descending", "the most points first"
    assert names(page)[0] == "Bob 9" and names(page)[-1] == HOSTILE
    assert press(page, "Points") == "ascending"
    assert names(page)[-1] == HOSTILE, "who has none comes last, either way"
    assert page.locator("#table th[aria-sort=none]").count() == page.locator("#table thead th").count() - 1


def test_it_filters(page):
    page.get_by_label("Name or key").fill("bob")
    assert names(page) == ["Bob 10", "Bob 9"]
    assert page.locator(".filters output").inner_text() == "2 of 5 shown"
    page.get_by_label("Did not pass").select_option(OTHER)
    assert names(page) == ["Bob 10"]
    page.get_by_label("Name or key").fill("")
    page.get_by_label("Did not pass").select_option("any function")
    page.get_by_label("State").select_option("late")
    assert names(page) == ["Äpfel, Ann"]
    page.get_by_label("Name or key").press("Enter")
    assert names(page) == ["Äpfel, Ann"], "nothing is sent"


def test_a_slide_fills_the_screen_and_is_left_by_a_key(page):
    slide = page.locator("#slide-1")
    assert not slide.is_visible()
    page.locator("a[href='#slide-1']").first.click()
    box, size = slide.bounding_box(), page.viewport_size
    assert (box["width"], box["height"]) == (size["width"], size["height"])
    assert page.evaluate("document.elementFromPoint(innerWidth / 2, 5).closest('.slide') !== null")
    page.keyboard.press("Escape")
    assert not slide.is_visible()
    assert page.evaluate("location.hash") == "#mistake-1"


def test_words_stand_out_from_the_page(page):
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page_colour, text = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert (page_colour, text) == (
        ("rgb(22, 24, 28)", "rgb(232, 234, 238)") if dark else ("rgb(255, 255, 255)", "rgb(22, 24, 28)")
    )
