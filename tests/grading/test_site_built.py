"""The site as it is built: no warning, no dead link, no solution in it for students; in a browser, on a phone, in the dark.

``nox -s docs`` builds it, in its own environment, which is made where it is not there yet.
"""

import functools
import html
import http.server
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import html5lib
import pytest

from grading.contract.functions import MODULES, all_tasks
from grading.paths import ROOT
from grading.site import guides

from .left_out import all_left_out_lines

pytestmark = pytest.mark.slow
XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
OUTSIDE = ("http", "https", "mailto")


def built(folder: Path, *whose: str) -> Path:
    """A warning of Sphinx's is an error: the exit code says that there was none."""
    if sys.version_info < (3, 11):
        pytest.skip("the site is built with Python 3.11 or newer")
    command = [sys.executable, "-m", "nox", "-s", "docs", "--", *whose, "--out", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def both(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="session")
def students(both):
    return built(both / "students")


@pytest.fixture(scope="session")
def staff(both):
    return built(both / "staff", "--staff")


@pytest.fixture(params=["students", "staff"])
def site(request):
    return request.getfixturevalue(request.param)


@functools.cache
def document(path: Path):
    return html5lib.parse(path.read_text(encoding="utf-8"))


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def without_space(text: str) -> str:
    return "".join(text.split())


# --- what is in it --------------------------------------------------------------------------------------------------


def test_every_function_has_a_page_with_its_formula(site):
    for task in all_tasks():
        page = document(site / "formulas" / f"{task.replace('.', '/')}.html")
        assert list(page.iter(f"{MATHML}math")), task
    assert all((site / "formulas" / module / "index.html").is_file() for module in MODULES)


def test_every_link_leads_somewhere(site):
    """Pages, places on them, pictures, styles and scripts; what lies outside is not looked at."""
    dead = []
    for page in pages(site):
        for element in document(page).iter():
            for target in filter(None, (element.get("href"), element.get("src"))):
                dead += [f"{page.relative_to(site)}: {target}"] if not reached(page, target) else []
    assert dead == []


def reached(page: Path, target: str) -> bool:
    parts = urlsplit(target)
    if parts.scheme in (*OUTSIDE, "data"):
        return True
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not path.is_file():
        return False
    return not parts.fragment or path.suffix != ".html" or unquote(parts.fragment) in places(path)


@functools.cache
def places(path: Path) -> set[str]:
    return {one.get("id") for one in document(path).iter() if one.get("id")} | {""}


def test_nothing_is_loaded_from_outside(site):
    loaded = {"script": "src", "img": "src", "link": "href", "source": "src", "iframe": "src"}
    for page in pages(site):
        for tag, attribute in loaded.items():
            for element in document(page).iter(f"{XHTML}{tag}"):
                if element.get("rel") not in ("canonical", "search", "author"):
                    assert urlsplit(element.get(attribute) or "").scheme not in OUTSIDE, (page, element.attrib)
    for style in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)[\"' ]*(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_no_line_of_a_solution_is_in_the_students_site(students):
    """Neither on a page, however it is coloured, nor in the search's index or any other file."""
    text = ""
    for path in students.rglob("*"):
        if path.is_file() and path.suffix not in (".webp", ".png", ".ico", ".woff", ".woff2", ".inv"):
            content = path.read_text(encoding="utf-8")
            text += without_space(content) + without_space(html.unescape(re.sub(r"<[^>]*>", "", content)))
    lines = all_left_out_lines()
    assert len(lines) > 250
    assert [line for line in lines if line in text] == []


def test_the_same_search_finds_them_in_the_staffs(staff):
    page = (staff / "formulas" / "ddpm" / "posterior_step.html").read_text(encoding="utf-8")
    text = without_space(html.unescape(re.sub(r"<[^>]*>", "", page)))
    assert "coef_x0=math.sqrt(abar_prev)*beta/(1-abar_t)" in text


def test_only_staff_have_the_guides_to_grading(students, staff):
    """They say where the grader's limits are; neither a page nor the search's index holds them for students."""
    assert {page.stem for page in (students / "guides").iterdir()} == {"index", *guides.FOR_STUDENTS}
    assert {page.stem for page in (staff / "guides").iterdir()} == {"index", *guides.FOR_STUDENTS, *guides.FOR_STAFF}
    for said in ("What is to be kept", "passes still", "--secret"):
        holding = [whose.name for whose in (students, staff) if any(said in words_on(page) for page in pages(whose))]
        assert holding == ["staff"], said


@functools.cache
def words_on(page: Path) -> str:
    return " ".join("".join(document(page).itertext()).split())


def test_the_size_of_it(site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 20e6


# --- in a browser ---------------------------------------------------------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def served(both, students, staff):
    """Over HTTP, as it is put somewhere: the search asks for its index."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=both)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


LOOKED_AT = [f"formulas/{module}/index.html" for module in MODULES] + [
    f"formulas/{next(task for task in all_tasks() if task.startswith(f'{module}.')).replace('.', '/')}.html"
    for module in MODULES
]
LOOKED_AT += [
    "index.html",
    "derivations/posterior.html",
    "derivations/r1.html",
    "guides/index.html",
    "guides/students.html",
]
LOOKED_AT = [f"students/{path}" for path in LOOKED_AT]
LOOKED_AT += [f"staff/guides/{name}.html" for name in guides.FOR_STAFF]


@pytest.fixture(
    scope="session", params=[(1280, "light"), (360, "dark"), (360, "light")], ids=["wide", "phone, dark", "phone"]
)
def window(browser, served, request):
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.complaints, page.asked, page.scheme = [], [], scheme
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda asked: page.asked.append(asked.url))
    yield page
    page.close()


@pytest.mark.parametrize("path", LOOKED_AT)
def test_a_page_in_a_browser(window, served, path):
    from axe_playwright_python.sync_playwright import Axe

    window.asked.clear(), window.complaints.clear()
    window.goto(f"{served}/{path}")
    assert [url for url in window.asked if not url.startswith((served, "data:"))] == []
    assert window.complaints == []
    assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    sizes = "all => all.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect().height)"
    heights = window.eval_on_selector_all("main math, article math", sizes)
    assert all(height > 5 for height in heights)
    assert heights or not path.startswith(("students/formulas/", "students/derivations/"))
    ground = window.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground)[:3])) < 90) == (window.scheme == "dark")
    found = Axe().run(window)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []


def test_a_fraction_stands_in_two_storeys(window, served):
    window.goto(f"{served}/students/formulas/ddpm/posterior_step.html")
    above, below = window.eval_on_selector_all(
        ".formula mfrac:first-of-type > *", "all => all.slice(0, 2).map(one => one.getBoundingClientRect().top)"
    )
    assert below > above + 5


def test_it_reads_without_scripts(browser, served):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}/students/formulas/ddpm/posterior_step.html")
    assert page.locator("math").count() > 5
    assert page.locator("text=Conventions, and who differs").first.is_visible()
    assert page.locator(".pictures img").first.bounding_box()["height"] > 20
    context.close()


def test_the_search_finds_a_formula(browser, served):
    page = browser.new_page()
    page.goto(f"{served}/students/search.html?q=posterior_step")
    page.wait_for_selector("#search-results a[href*='posterior_step']")
    page.close()
