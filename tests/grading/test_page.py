"""A submission's page: what is on it, how much of it at which hints, that a student's text stays text."""

import math
import random
import re
import textwrap
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from fractions import Fraction

import html5lib
import pytest
import torch

from grading.contract import courses
from grading.contract.functions import all_tasks
from grading.diagnosis.readback import SUMS
from grading.diagnosis.readback.expressions import HALF, Expression, Power, of, product
from grading.diagnosis.readback.sums import Read
from grading.diagnosis.typeset import formulas, latex
from grading.grader import Run
from grading.grader import grade as grade_run
from grading.report import rows
from grading.report.page import code, page
from grading.report.page.formulas import asked, asked_within, computed
from grading.report.words import tell
from grading.seeds import told
from grading.submissions import opened
from grading.verdicts import FAILED, HINTS, Repair, Verdict

from . import test_chains as chains
from .a_page import NOISE, SECRET, SOURCE, STEP, a_page, verdicts
from .conftest import PLAIN, SEED

DDIM, BLENDED = "ddim.ddim_step", "editing.repaint_blend"
XHTML = "{http://www.w3.org/1999/xhtml}"


def parsed(text):
    """The document; what the HTML standard calls an error raises."""
    return html5lib.HTMLParser(strict=True).parse(text)


def words_of(element):
    return " ".join("".join(element.itertext()).split())


@pytest.fixture
def document(tmp_path):
    return parsed(a_page(tmp_path))


# --- the document -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hints", HINTS)
def test_it_is_valid_html(tmp_path, hints):
    document = parsed(a_page(tmp_path, hints))
    levels = [int(one.tag[-1]) for one in document.iter() if re.fullmatch(rf"{XHTML}h[1-6]", str(one.tag))]
    assert levels[0] == 1 and all(deeper - level <= 1 for level, deeper in zip(levels, levels[1:]))
    ids = [one.get("id") for one in document.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    links = {one.get("href") for one in document.iter(f"{XHTML}a")}
    assert links and {link.removeprefix("#") for link in links} <= set(ids)


def test_whatever_a_student_writes_is_text(document):
    attributes = {name for one in document.iter() for name in one.attrib}
    assert not [name for name in attributes if str(name).startswith("on")]
    assert not list(document.iter(f"{XHTML}script"))
    images = {one.get("src")[:10] for one in document.iter(f"{XHTML}img")}
    assert images == {"data:image"}
    assert "<script>document.title='taken'" in words_of(document)


def test_nothing_is_asked_of_any_network(tmp_path):
    text = a_page(tmp_path)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)", text) and "url(" not in text and "@import" not in text


@pytest.mark.parametrize("character", ["\u202e", "\ud800", "\x1b"], ids=["turns round", "half", "escape"])
def test_characters_that_are_no_text_are_replaced(tmp_path, character):
    text = a_page(tmp_path)
    assert character not in text and "\N{REPLACEMENT CHARACTER}" in text
    text.encode("utf-8")


def test_no_secret_is_on_it(tmp_path):
    text = a_page(tmp_path)
    assert SECRET not in re.sub("<[^>]*>", "", text) and "████████" in text


# --- how much is told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hints", HINTS)
def test_it_says_what_results_json_says(tmp_path, hints):
    """Every sentence of these hints, and none of those that only more hints give."""
    said = words_of(parsed(a_page(tmp_path, hints)))
    verdict = verdicts()[STEP]
    here, everything = tell(verdict, hints), tell(verdict, "mistake")
    texts = lambda told: {text for _, text in told.seen} | {one.title for one in told.properties} | set(told.remarks)
    assert all(text in said for text in texts(here))
    assert not [text for text in texts(everything) - texts(here) if text in said]
    assert ("it begins 1, 2" in said) == (hints == "mistake")


@pytest.mark.parametrize("hints", ["none", "property"])
def test_with_fewer_hints_nothing_is_marked_typeset_or_shown(tmp_path, hints):
    text = a_page(tmp_path, hints)
    assert not re.search("<mark|<math|<img|is asked for", text)
    code_is_shown = "def posterior_step" in words_of(
        parsed(text)
    )  # it is the student's own, where something is said of it
    assert code_is_shown == (hints == "property")


def test_the_solution_is_not_given_away(document):
    said = words_of(document)
    assert "z.sqrt()" not in said and "expected the root" not in said


# --- the student's code -----------------------------------------------------------------------------------------


def shown(tmp_path, source, places, defined_at="ddpm.py:1"):
    (tmp_path / "ddpm.py").write_bytes(textwrap.dedent(source).encode())
    repair = Repair("there", 1, places, []) if places else None
    return code(tmp_path, Verdict(STEP, FAILED, defined_at=defined_at, repair=repair), "mistake")


def test_a_function_is_shown_with_its_mistaken_line_marked(tmp_path):
    (piece,) = shown(tmp_path, SOURCE, ["ddpm.py:6"], "ddpm.py:2")
    assert [line.number for line in piece.lines] == [2, 3, 4, 5, 6] and piece.whole
    assert [line.number for line in piece.lines if line.marked] == [6]
    assert piece.lines[3].html.unescape().endswith("…</span>")


def test_a_mistake_in_another_function_is_shown_beside(tmp_path):
    first, second = shown(tmp_path, SOURCE, ["ddpm.py:11"], "ddpm.py:2")
    assert [line.number for line in second.lines if line.marked] == [11]
    assert [line.number for line in second.lines] == [10, 11]
    assert not any(line.marked for line in first.lines)


def test_a_class_is_shown_whole_and_a_lambda_as_its_line(tmp_path):
    (piece,) = shown(tmp_path, SOURCE, [], "ddpm.py:9")
    assert [line.number for line in piece.lines] == [9, 10, 11, 12, 13, 14]
    (piece,) = shown(tmp_path, "import math\nf = lambda x: x\n", [], "ddpm.py:2")
    assert [line.number for line in piece.lines] == [2]


def test_of_a_long_function_the_part_around_the_mistake_is_shown(tmp_path):
    source = "def f():\n" + "    x = 1\n" * 500
    (piece,) = shown(tmp_path, source, ["ddpm.py:300"])
    assert len(piece.lines) == 120 and not piece.whole
    assert [line.number for line in piece.lines if line.marked] == [300]


def test_windows_lines_and_a_key_over_several_lines_keep_their_numbers(tmp_path):
    key = "-----BEGIN RSA PRIVATE KEY-----\r\nabc\r\ndef\r\n-----END RSA PRIVATE KEY-----"
    (piece,) = shown(tmp_path, f'def f():\r\n    key = """{key}"""\r\n    return 2\r\n', ["ddpm.py:6"])
    assert [line.number for line in piece.lines if line.marked] == [6]
    assert "return" in piece.lines[5].html and "abc" not in "".join(line.html for line in piece.lines)


@pytest.mark.parametrize(
    "place", ["../secret.py:1", "/etc/passwd:1", "missing.py:3", "ddpm.py:99", "", "ddpm.py", "grading_kit/a.py:1"]
)
def test_a_place_that_leads_nowhere_shows_nothing(tmp_path, place):
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.py").write_text("def f(): pass\n")
    assert shown(tmp_path / "inside", "x = 1\n", [], place) == []


# --- formulas ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", all_tasks())
def test_every_formula_that_is_asked_for_can_be_laid_out(task):
    formula = asked(task)
    if formula:
        text = "".join(ElementTree.fromstring(formula).itertext())
        assert "\\" not in text and "{" not in text.replace("{", "", 1), text


@pytest.mark.parametrize("task", SUMS)
def test_a_term_that_differs_is_marked_and_no_other(task):
    known = SUMS[task]
    edge = next(iter(known.edges))
    wrong = next(name for name, weight in known.expected.items() if weight.parts)
    weights = known.expected | {wrong: of(product(3.0))}
    (formula,) = formulas(Read(known, (weights,), edge=edge))
    assert [term.of for term in formula.terms if not term.right] == [wrong]
    root = ElementTree.fromstring(computed(task, formula))
    marked = [one for one in root.iter() if one.get("class") == "differs"]
    assert len(marked) == 1 and "3" in "".join(marked[0].itertext())
    assert "\\" not in "".join(root.itertext())


def test_where_more_than_weights_is_wrong_no_formula_is_shown():
    known = SUMS["noising.add_noise"]
    right = Read(known, (known.expected,), edge="clean")
    assert formulas(right) and formulas(None) == []
    for other in (replace(right, edge="wraps"), replace(right, layout="mean"), replace(right, clamped=True)):
        assert formulas(other) == []


QUOTIENT = product(-2.0, {"ᾱ_prev": 1, "1−ᾱ_t": -1})
LATEX = {
    r"-\frac{2\,ᾱ_{prev}}{1-ᾱ_t}": of(QUOTIENT),
    r"\sqrt{1-ᾱ_{t-1}}": of(product(1.0, {"1−ᾱ_{t−1}": HALF})),
    r"\sqrt{\frac{ᾱ_t}{1-ᾱ_t}}": of(product(1.0, {"ᾱ_t": HALF, "1−ᾱ_t": -HALF})),
    r"η^{2}\,(1-ᾱ_t)": of(product(1.0, {"1−ᾱ_t": 1, "η": 2})),
    r"-(1-ᾱ_t)": of(product(-1.0, {"1−ᾱ_t": 1})),
    r"\sqrt{1-ᾱ_t - β}": Expression((Power((product(1.0, {"1−ᾱ_t": 1}), product(-1.0, {"β": 1})), HALF),)),
    r"\frac{1}{1 + β}": Expression((Power((product(), product(1.0, {"β": 1})), -2 * HALF),)),
    "0": Expression(),
}


@pytest.mark.parametrize("expected", LATEX)
def test_weights_as_latex(expected):
    assert latex(LATEX[expected]) == expected


QUANTITIES = {"ᾱ_t": 0.3, "ᾱ_prev": 0.6, "1−ᾱ_t": 0.7, "1−ᾱ_prev": 0.4, "β": 0.2, "η": 1.7, "t/T": 0.25, "1+ᾱ_t": 1.3}


def evaluated(written):
    """What LaTeX of this kind comes to, by the rules of arithmetic: a bracket that is missing gives something else."""
    for letter, own in (
        (r"ᾱ_{prev}", "0.6"),
        ("ᾱ_t", "0.3"),
        ("β", "0.2"),
        ("η", "1.7"),
        ("t/T", "1/4"),
        ("½", "(1/2)"),
    ):
        written = written.replace(letter, own)
    for command in (r"\left", r"\right"):
        written = written.replace(command, "")
    written, before = written.replace(r"\,", "*"), ""
    while before != written:
        before = written
        written = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", written)
        written = re.sub(r"\\sqrt\{([^{}]*)\}", r"((\1)**0.5)", written)
        written = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", written)
    return eval(written, {"__builtins__": {}})


def test_a_formula_as_latex_is_the_formula():
    draw = random.Random(SEED)
    powers = [Fraction(n, 2) for n in (-4, -3, -2, -1, 1, 2, 3)]

    def a_product():
        names = draw.sample(list(QUANTITIES), draw.randint(0, 3))
        return product(draw.choice([1, -1, 2, -0.5, 3]), {name: draw.choice(powers) for name in names})

    def a_power():
        exponent = draw.choice([Fraction(1), HALF, Fraction(-1), Fraction(2)])
        return Power(tuple(a_product() for _ in range(draw.randint(1, 3))), exponent)

    values = {name: torch.tensor(value, dtype=torch.float64) for name, value in QUANTITIES.items()}
    compared = 0
    for _ in range(300):
        expression = Expression(tuple(a_power() for _ in range(draw.randint(1, 2))))
        value = float(expression.value(values))
        if math.isfinite(value):  # no root of a negative number
            assert evaluated(latex(expression)) == pytest.approx(value, rel=1e-9, abs=1e-12), latex(expression)
            compared += 1
    assert compared > 150


# --- samplers: the step that is asked for, and the one that the code takes ------------------------------------------

DDPM_STEP = {
    "x0": r"\frac{\sqrt{ᾱ_{prev}}\,β}{1-ᾱ_t}",
    "x_t": r"\frac{\sqrt{ᾱ_t}\,(1-ᾱ_{prev})}{\sqrt{ᾱ_{prev}}\,(1-ᾱ_t)}",
    "noise": r"\sqrt{\frac{(1-ᾱ_{prev})\,β}{1-ᾱ_t}}",
}
SIGMA = r"\frac{η\,\sqrt{1-ᾱ_{prev}}\,\sqrt{β}}{\sqrt{1-ᾱ_t}}"
DIRECTION = r"\sqrt{1-ᾱ_{prev} - \frac{η^{2}\,(1-ᾱ_{prev})\,β}{1-ᾱ_t}}"
DDIM_STEP = {"x0": r"\sqrt{ᾱ_{prev}}", "noise": SIGMA, "eps": DIRECTION}
NORM = "the gradient of the norm"
KNOWN, NEW = "x_orig where the mask is 0", "x_prev where the mask is 1"
BLEND = {NEW: "1", KNOWN: r"\sqrt{ᾱ_{prev}}", "noise where the mask is 0": r"\sqrt{1-ᾱ_{prev}}"}
WITHIN = [  # a sampler of test_chains, where, a call of what, what is asked for, and what differs
    (chains.ddpm_large_variance, "in every step", STEP, DDPM_STEP, {"noise": r"\sqrt{β}"}),
    (chains.ddpm_adds_the_estimate, "in every step", STEP, DDPM_STEP, {"eps": DDPM_STEP["noise"]}),
    (chains.sdedit_without_noise, "in every step", STEP, DDPM_STEP, {"noise": "0"}),
    (chains.ddim_no_room_for_noise, "in every step", DDIM, DDIM_STEP, {"eps": r"\sqrt{1-ᾱ_{prev}}"}),
    (chains.ddim_start_as_noise, "in every step", DDIM, DDIM_STEP, {"the noise of the start": SIGMA}),
    (
        chains.sdedit_variance,
        "at the start",
        NOISE,
        {"x0": r"\sqrt{ᾱ_t}", "noise": r"\sqrt{1-ᾱ_t}"},
        {"noise": "(1-ᾱ_t)"},
    ),
    (chains.inpaint_variance, "in every blend", BLENDED, BLEND, {"noise where the mask is 0": "(1-ᾱ_{prev})"}),
    (chains.inpaint_large_variance, "in every step", STEP, DDPM_STEP, {"noise": r"\sqrt{β}"}),
    (chains.dps_adds_the_estimate, "in every step", DDIM, DDIM_STEP | {NORM: "-ζ"}, {"eps": SIGMA}),
]


@pytest.mark.parametrize("sampler, where, of, asked_for, differs", WITHIN, ids=lambda one: getattr(one, "__name__", ""))
def test_of_a_sampler_the_step_that_is_asked_for_and_the_one_that_is_taken_are_typeset(
    sampler, where, of, asked_for, differs
):
    (task,) = [one.values[0] for one in chains.MISTAKES if one.values[1] is sampler]
    (formula,) = formulas(chains.read(task, sampler))
    assert (formula.where, formula.of) == (where, of)
    assert {term.of: term.weight for term in formula.asked} == asked_for
    assert {term.of: term.weight for term in formula.terms if not term.right} == differs
    right = {term.of: term.weight for term in formula.terms if term.right}
    assert right == {name: weight for name, weight in asked_for.items() if right.get(name)}
    for made, marked in ((asked_within(formula), 0), (computed(task, formula), 1)):
        root = ElementTree.fromstring(made)
        assert len(root.findall(".//{*}*[@class='differs']")) == marked
        assert "\\" not in "".join(root.itertext()) and "where the mask" not in made


@pytest.mark.parametrize("task, sampler, said", chains.MISTAKES)
def test_of_any_sampler_what_differs_is_marked_or_nothing_is_typeset(task, sampler, said):
    found = formulas(chains.read(task, sampler))
    assert not found or any(not term.right for one in found for term in one.terms)
    assert all(term.right for one in found for term in one.asked)
    assert all(one.asked and one.of and one.where for one in found)
    assert not found or sampler not in (chains.ddpm_index, chains.ddpm_one_draw, chains.ddpm_clips, chains.ddim_by_one)


def test_in_steps_of_their_own_kind_each_has_what_is_asked_for_there():
    (task, sampler, _) = next(one.values for one in chains.MISTAKES if "at t_prev = -1 is 0" in str(one.values[2]))
    most, last = formulas(chains.read(task, sampler))
    assert all(term.right for term in most.terms) and most.asked == most.terms
    assert last.where == "in every step at t_prev = -1"
    assert [(term.weight, term.of) for term in last.asked] == [("1", "x0"), ("-ζ", NORM)]
    assert [(term.weight, term.right) for term in last.terms] == [("1", True), ("0", False)]


def test_a_wrong_step_that_takes_something_else_for_noise_is_told_in_words_alone():
    chain = chains.read(chains.DDPM, chains.ddpm_large_variance)
    assert formulas(chain) and formulas(replace(chain, noise=replace(chain.noise, kind="eps"))) == []


# --- one that was graded ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unhurried")
def test_what_was_read_back_is_typeset(fork_server, hand_in):
    right = "torch.sqrt(posterior_variance(t, t_prev, alphas_cumprod)) * noise"
    source = (PLAIN / "ddpm.py").read_text(encoding="utf-8")
    assert right in source
    wrong = source.replace(right, right.replace("torch.sqrt(", "(", 1))
    with opened(hand_in(ddpm=wrong)) as submission:
        (verdict,) = grade_run(fork_server, Run(submission, (STEP,), SEED))
        (piece,) = code(submission.folder, verdict, "mistake")
    (formula,) = verdict.formulas
    assert {term.of: term.right for term in formula.terms} == {"x0": True, "x_t": True, "noise": False}
    assert formula.terms[-1].weight == r"\frac{(1-ᾱ_{prev})\,β}{1-ᾱ_t}"
    assert [line.html for line in piece.lines if line.marked and "noise" in line.html]


@pytest.mark.usefixtures("unhurried")
def test_a_samplers_own_step_stands_on_its_page_beside_the_one_that_is_asked_for(fork_server, hand_in):
    """One that computes its steps itself: with a wrong posterior_step it would be right by itself."""
    with opened(hand_in(ddpm=SAMPLER)) as submission:
        (verdict,) = grade_run(fork_server, Run(submission, (chains.DDPM,), SEED))
    (formula,) = verdict.formulas
    assert (formula.where, formula.of) == ("in every step", STEP)
    course = courses.load("all").only([chains.DDPM])
    shown = page(course, rows(course, {chains.DDPM: verdict}), told(SEED), "mistake", name="Ada", replay="grade")
    asked_for, made = parsed(shown).findall(f".//{XHTML}div[@class='formulas']/{XHTML}figure")
    assert "In every step:" in words_of(asked_for) and "In every step:" in words_of(made)
    marked = lambda figure: [
        one for one in figure.iter() if one.get("class") == "differs" and "math" in one.tag.lower()
    ]
    assert not marked(asked_for) and ["β" in words_of(one) for one in marked(made)] == [True]


SAMPLER = """
import torch

def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
        a = alphas_cumprod[t]
        b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(a)
        x0 = (x - (1 - a).sqrt() * eps_model(x, t)) / a.sqrt()
        x0 = x0.clamp(-1, 1) if clip_x0 else x0
        beta = 1 - a / b
        x = (b.sqrt() * beta * x0 + (1 - beta).sqrt() * (1 - b) * x) / (1 - a)
        if t_prev >= 0:
            x = x + beta.sqrt() * noise_fn(x)
    return x
"""
