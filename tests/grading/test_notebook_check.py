"""``check`` in a notebook, in a real kernel: what it says of the notebook's own functions, and what it leaves as it was."""

import html5lib
import pytest

from grading.contract import courses
from grading.handout.pack import packed
from grading.paths import ROOT
from grading.report import rows
from grading.report.page import fragment
from grading.verdicts import FAILED, PASSED, CheckResult, Failure, Verdict

from .conftest import PLAIN
from .containers import notebook
from .kernels import run
from .test_handout import unpacked
from .test_notebooks import RIGHT as HANDED_IN

TASK = "ddpm.posterior_step"
STEP_FAILED = Verdict(TASK, FAILED, [CheckResult("It is <right>.", failure=Failure("it is wrong"))])
LOOKS = """[...document.body.querySelectorAll("h3, p, td, pre")].slice(0, 4).map(
    one => JSON.stringify([getComputedStyle(one).cssText, getComputedStyle(one).font, getComputedStyle(one).color]))"""
COLOURS = "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
SCALED = """
def coefficients(a_t, a_p):
    beta = 1 - a_t / a_p
    return a_p.sqrt() * beta / (1 - a_t), (a_t / a_p).sqrt() * (1 - a_p) / (1 - a_t), beta * (1 - a_p) / (1 - a_t)
"""
STEP = """import torch
from torch import ones_like

def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    a_t = alphas_cumprod[t]
    a_p = alphas_cumprod[t_prev] if t_prev >= 0 else ones_like(a_t)
    first, second, variance = coefficients(a_t, a_p)
    return (first * x0 + second * x_t + {} * noise).to(x_t.dtype)
"""
RIGHT, WRONG = STEP.format("variance.sqrt()"), STEP.format("variance")
RAISES = "def predict_x0(x_t, eps, t, alphas_cumprod):\n    print('<b>here</b>')\n    k = 3\n    return x_t[9, '<i>']\n"
HANGS = "def predict_x0(x_t, eps, t, alphas_cumprod):\n    k = 0\n    while True:\n        k += 1\n"
STATES = """
import hashlib, random, numpy
def states():
    told = torch.get_rng_state().tolist(), repr(numpy.random.get_state()), random.getstate(), torch.get_default_dtype()
    return hashlib.sha256(repr(told).encode()).hexdigest()
"""
CELLS = {
    "import": "from hw import check\nsurvives = object(); kept = id(survives)",
    "undefined": f"check('{TASK}')",
    "helper": SCALED,
    "wrong": f"%%check {TASK}\n{WRONG}",
    "states before": f"{STATES}\ntorch.set_default_dtype(torch.float64); torch.manual_seed(3); numpy.random.seed(3); "
    "random.seed(3)\nbefore = states()",
    "right": f"%%check\n{RIGHT}",
    "again": f"check('{TASK}')",
    "random": f"%%check\n{(PLAIN / 'latents.py').read_text().split('def mean_w')[0]}",
    "states after": "print(before == states())",
    "wrong again": f"{WRONG}\ncheck('{TASK}')",
    "raises": f"%%check\n{RAISES}",
    "not written": f"%%check\n{RAISES.split(':')[0]}:\n    raise NotImplementedError",
    "sooner": "import hw.cells\nhw.cells.CALL_SECONDS = 1",
    "hangs": f"%%check\n{HANGS}",
    "sleeps": f"%%check\nimport time\n{HANGS.replace('k += 1', 'time.sleep(1000)')}",
    "later": "hw.cells.CALL_SECONDS = 1000",
    "fails": f"%%check {TASK}\n1 / 0",
    "nothing": "%%check\nx = 1",
    "nobody's": "%check ddpn.posterior_step",
    "class": f"%%check unet.UnconditionalUNet\n{(PLAIN / 'unet.py').read_text().replace('from noising import', '#')}",
    "not restarted": "print(id(survives) == kept)",
}


STAFF = {
    "import": "from grading.notebook import check\nsurvives = object(); kept = id(survives)",
    "undefined": f"check('{TASK}')",
    "helper": SCALED,
    "states before": f"import torch\n{STATES}\ntorch.set_default_dtype(torch.float64)\nbefore = states()",
    "wrong": f"%%check {TASK}\n{WRONG}",
    "right": f"{RIGHT}\ncheck('{TASK}', seed=3)",
    "raises": f"%%check\n{RAISES}",
    "what student code may do to this process": "torch.allclose = torch.equal = lambda *_, **__: True",
    "wrong again": f"%%check {TASK}\n{WRONG}",
    "nobody's": "%check ddpn.posterior_step",
    "states after": "print(before == states(), id(survives) == kept)",
}


def test_in_a_students_notebook(tmp_path):
    below = run(unpacked(packed(courses.load("all")), tmp_path / "handed out"), CELLS)
    for look in (right, wrong, undefined, raising, endless, left_alone, classes, nothing_to_check):
        look(below)
    for shown in below.values():
        html5lib.HTMLParser(strict=True).parse(f"<!doctype html><title>cell</title>{shown.html}")


def right(below):
    shown = below["right"]
    assert shown.words.startswith(f"✓ passed {TASK} "), shown.words
    assert "<math" in shown.html and "checks hold" in shown.words and "next: " in shown.words
    assert shown.plain.startswith(f"{TASK}  passed\nnext: ")
    assert "✓ passed" in below["again"].words


def wrong(below):
    for name in ("wrong", "wrong again"):
        shown = below[name]
        assert shown.words.startswith(f"✗ failed {TASK} "), shown.words
        assert "<math" in shown.html
        assert "The result is the formula's:" in shown.words and "next:" not in shown.words
        assert all(f"{label} " in shown.words for label in ("called", "expected", "got"))


def undefined(below):
    told = "posterior_step is not defined in this notebook: run its cell first"
    assert f"not implemented {TASK} {told}" in below["undefined"].words
    assert "not implemented ddpm.predict_x0" in below["not written"].words


def raising(below):
    shown = below["raises"]
    assert "where line 5 of the cell with predict_x0: return x_t[9, '<i>']" in shown.words
    assert "what was printed <b>here</b> <b>here</b>" in shown.words
    assert "<b>here" not in shown.html and "<i>" not in shown.html
    assert shown.printed == ""


def endless(below):
    for name, lines in (("hangs", ("k += 1", "while True:")), ("sleeps", ("time.sleep(1000)",))):
        shown = below[name]
        assert shown.words.count("no result after") == 1 and "is there a loop that never ends?" in shown.words
        assert any(f"of the cell with predict_x0: {line}" in shown.words for line in lines), shown.words
        assert shown.errors == []


def left_alone(below):
    assert below["random"].words.startswith("✓ passed latents.sample_z")
    assert below["states after"].printed == below["not restarted"].printed == "True\n"


def classes(below):
    assert below["class"].words.startswith("✓ passed unet.UnconditionalUNet"), below["class"].words


def nothing_to_check(below):
    assert below["fails"].errors == ["ZeroDivisionError: division by zero"] and below["fails"].html == ""
    assert "name one: %%check " in below["nothing"].printed
    assert "did you mean ddpm" in below["nobody's"].words


# --- staff: the same with the grader ------------------------------------------------------------------------------


def test_with_the_grader(tmp_path):
    graded = run(tmp_path, STAFF, str(ROOT))
    shown = graded["right"]
    assert shown.words.startswith(f"{TASK} passed Defined at notebook.ipynb, cell 6, line 4 "), shown.words
    assert "<math" in shown.html
    assert shown.plain.splitlines()[0] == f"{TASK}  passed  notebook.ipynb, cell 6, line 4"
    assert shown.plain.endswith("seed 3: check(…, seed=3) draws the same inputs again")
    for name in ("wrong", "wrong again"):
        explained(graded[name], list(STAFF).index(name) + 1)
    assert "IndexError" in graded["raises"].words and "<i>" not in graded["raises"].html
    assert "posterior_step is not defined in this notebook: run its cell first" in graded["undefined"].words
    assert "did you mean ddpm" in graded["nobody's"].words
    assert graded["states after"].printed == "True True\n"


def explained(shown, cell):
    assert shown.words.startswith(f"{TASK} failed Defined at notebook.ipynb, cell {cell}, line 5 "), shown.words
    assert "the square root is missing" in shown.words
    assert "What your code computes" in shown.words and shown.html.count("<math") == 2
    assert "<mark>" in shown.html and "the marked lines matter" in shown.words


@pytest.mark.slow
def test_with_the_grader_what_does_not_end(tmp_path):
    cells = {"import": "from grading.notebook import check", "hangs": f"%%check\n{HANGS}", "after": "print(check)"}
    graded = run(tmp_path, cells, str(ROOT))
    assert "while True:" in graded["hangs"].words and "time limit" in graded["hangs"].words
    assert graded["hangs"].errors == graded["after"].errors == []


def test_what_is_shown_changes_nothing_around_it(browser, tmp_path):
    """The colours that a verdict brings along are its own, and readable, in a light and in a dark notebook."""
    table = rows(courses.load("all").only([STEP_FAILED.task]), {STEP_FAILED.task: STEP_FAILED})
    around = "<h3>a</h3><p>b</p><table><tr><td>c</td></tr></table><pre>d</pre>"
    shown = fragment(table, {}, "seed <3>")
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        looks = []
        for content in (around, around + shown):
            page.set_content(f"<!doctype html><body style='background: #111; color: #eee'>{content}")
            looks.append(page.evaluate(LOOKS))
        assert looks[0] == looks[1]
        back, front = page.locator(".graded").evaluate(COLOURS)
        assert (back == "rgb(255, 255, 255)") is (scheme == "light") and back != front
        assert page.locator(".graded math").bounding_box()["height"] > 20
        page.close()


def test_a_notebook_with_checks_in_it_can_be_handed_in(grade, tmp_path):
    cells = ["from hw import check", f"%%check ddpm.predict_x0\n{HANDED_IN}", "check('ddpm.predict_x0')"]
    assert grade(notebook(tmp_path / "p5.ipynb", *cells), ["ddpm.predict_x0"])["ddpm.predict_x0"].outcome == PASSED
