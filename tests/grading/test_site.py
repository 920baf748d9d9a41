"""The site's sources: a page for every formula with all that its docstring says, no solution for students, nothing stale."""

import ast
import json
import re

import pytest

from grading.__main__ import main
from grading.contract.docstrings import formulas_in, symbol_rows, symbols_by_name
from grading.contract.functions import FUNCTIONS, MODULES, all_tasks
from grading.contract.reference import reference_function
from grading.diagnosis.mistakes import catalogue
from grading.paths import ROOT
from grading.pictures.small import RECIPES
from grading.report.mathml import mathml
from grading.site import build, definitions, docstring, guides, handouts, lines, pages, symbols, texts, traps
from grading.site.result import example

from .left_out import all_left_out_lines

TEXTS = (".rst", ".md", ".py", ".json", ".toml", ".sbatch")
STEP = "ddpm.posterior_step"
PICTURES_BYTES = 5_000_000


@pytest.fixture(scope="module")
def both():
    """Whose pages: those of the students, of the staff."""
    return {staff: pages.pages(staff) for staff in (False, True)}


@pytest.fixture(params=[False, True], ids=["students", "staff"])
def made(both, request):
    return both[request.param]


def page_of(made: dict[str, str], task: str) -> str:
    return made[f"formulas/{task.replace('.', '/')}.rst"]


def parsed_docstring(task: str) -> docstring.Docstring:
    (module,) = [one for one in definitions.modules(staff=True) if one.name == task.split(".")[0]]
    return docstring.parsed(module.definitions[task].docstring)


# --- a page for every formula --------------------------------------------------------------------------------------


def test_every_function_and_every_module_has_its_page(made):
    wanted = {f"formulas/{task.replace('.', '/')}.rst" for task in all_tasks()}
    assert set(made) == wanted | {f"formulas/{module}/index.rst" for module in MODULES} | {"formulas/index.rst"}


@pytest.mark.parametrize("task", all_tasks())
def test_a_page_says_all_that_the_docstring_says(both, task):
    """Word by word: nothing of it is lost on the way, whatever form it has."""
    page = page_of(both[True], task)
    told = words(reference_function(task).__doc__) - {"Args", "Returns", "Raises", "Source", "Convention"}
    assert {word for word in told - words(page) if word.capitalize() not in words(page)} - courses_named() == set()


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.replace("\\", "")))


def courses_named() -> set[str]:
    """A handout's name stands at the head of its column."""
    return {word for course in handouts.COURSES for word in words(course)}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.task)
def test_a_docstring_is_taken_apart(function):
    d = parsed_docstring(function.task)
    assert d.summary.endswith(".") and formulas_in(d.text) and d.sources and d.convention and d.example
    names = [name for names, _ in d.arguments for name in re.split(r",\s*", names)]
    assert sorted(names) == sorted(function.parameters) or function.network
    assert all(text for _, text in [*d.arguments, *d.raises])


def test_only_staff_see_what_the_reference_computes(both):
    students, staff = page_of(both[False], STEP), page_of(both[True], STEP)
    line = "coef_x0 = math.sqrt(abar_prev) * beta / (1 - abar_t)"
    assert line in staff and line not in students
    assert "raise NotImplementedError" in students and "# TODO: two coefficients" in students


def test_no_line_of_a_solution_is_in_the_students_sources(tmp_path):
    build.sources(tmp_path, staff=False)
    text = "".join("".join(path.read_text("utf-8").split()) for path in tmp_path.rglob("*.*") if path.suffix in TEXTS)
    lines = all_left_out_lines()
    assert len(lines) > 250
    assert [line for line in lines if line in text] == []


def test_staff_see_every_line(tmp_path):
    """The same search finds what it looks for where it is."""
    build.sources(tmp_path, staff=True)
    text = "".join("".join(path.read_text("utf-8").split()) for path in tmp_path.rglob("*.rst"))
    graded = {
        "".join(line.split())
        for module in definitions.modules(staff=True)
        for definition in module.definitions.values()
        for line in definition.source.splitlines()
    }
    assert [line for line in all_left_out_lines() & graded if line not in text] == []


# --- what stands on it ----------------------------------------------------------------------------------------------


def test_the_handouts_stand_side_by_side():
    papers, eecs, cmu, cs180 = handouts.places(STEP, parsed_docstring(STEP).sources)
    assert papers.equations == ("DDPM Eq. 6 and 7",)
    assert eecs.equations == ("part B Eq. 2",) and eecs.tasks[0].startswith("B1")
    assert cmu.equations == ("part 3",)
    assert cs180.equations == ("part A 1.4 Eq. 3",)


PRINTED = r"""
title = "Somewhere 101"
[[equation]]
number = "B (2)"
task = "ddpm.posterior_step"
latex = '''x_{t-1} := \bar\mu x_t
+ \sigma z'''
differs = "the mean lacks x_0"
[[equation]]
number = "B (5)"
task = "ddpm.posterior_step"
latex = '\bar\beta_t = 1 - \bar\alpha_t'
defines = true
"""


def test_what_a_handout_prints_stands_beside_it(tmp_path, monkeypatch):
    (tmp_path / "somewhere.toml").write_text(PRINTED, encoding="utf-8")
    monkeypatch.setattr(handouts, "SOURCES", tmp_path)
    handouts._sources.cache_clear()
    page = page_of(pages.pages(staff=False), STEP)
    handouts._sources.cache_clear()
    assert "**Somewhere 101, B (2)**" in page and r".. math:: x_{t-1} := \bar\mu x_t + \sigma z" in page
    assert "**It differs:** the mean lacks x\\_0." in page and r"\bar\beta_t" not in page


def test_a_semicolon_in_brackets_divides_nothing():
    told = docstring.parsed("Say.\n\nSource: A (one; two); B Eq. 2.\nConvention: none.\n").sources
    assert told == ["A (one; two)", "B Eq. 2"]


@pytest.mark.parametrize("task", [one.task for one in FUNCTIONS if one.exact])
def test_a_formulas_symbols_are_explained(task):
    """Where one of its arguments has a symbol, its row is on the page."""
    module = next(one for one in definitions.modules(staff=True) if one.name == task.split(".")[0])
    table = symbol_rows(module.docstring)
    known = set(symbols_by_name(table))
    arguments = [name for function in FUNCTIONS if function.task == task for name in function.parameters]
    told = {
        name
        for row in symbols.needed(table, arguments, formulas_in(parsed_docstring(task).text))
        for name in re.findall(r"\w+", row[1])
    }
    assert set(arguments) & known <= told


@pytest.mark.parametrize(
    "source, formula",
    [
        ("y = math.sqrt(abar_prev) * beta / (1 - abar_t)", r"y = \frac{\sqrt{ᾱ_{prev}}\, β}{1 - ᾱ_{t}}"),
        ("return a - (b - c)", r"a - \left(b - c\right)"),
        ("return -(a + b) * c**2", r"-\left(a + b\right)\, c^{2}"),
        ("return (a * b).add(c, alpha=k)", r"a\, b + k\, c"),
        ("return (a - b).square()", r"\left(a - b\right)^2"),
        ("return x.detach() - 2 * x0.clone()", r"x - 2\, x̂_{0}"),
        ("return a[0] + b", None),
        ("return step(a, mode=b)", None),
    ],
)
def test_a_line_as_a_formula(source, formula):
    text = f'def f(a):\n    """Say."""\n    {source}\n'
    definition = definitions.Definition("ddpm.f", ast.parse(text).body[0], text)
    table = next(one for one in definitions.modules(staff=True) if one.name == "ddpm").docstring
    head, line = lines.blocks(definition, symbols_by_name(symbol_rows(table)))
    assert (head.first_line, line.first_line) == (1, 3)
    assert line.formulas == (() if formula is None else (formula,))


def test_the_lines_of_the_reference_are_typeset():
    found = [
        formula
        for module in definitions.modules(staff=True)
        for definition in module.definitions.values()
        for block in lines.blocks(definition, symbols_by_name(symbol_rows(module.docstring)))
        for formula in block.formulas
    ]
    assert len(found) > 30
    assert all(str(mathml(formula)).startswith("<math") for formula in found)


# --- mistakes and their pictures ------------------------------------------------------------------------------------


def test_the_catalogue_is_read_as_it_runs():
    told = [(one.task, one.name, one.student, one.staff) for one in traps.traps()]
    assert told == [(one.task, one.name, one.student, one.staff) for one in catalogue()]


def test_the_pictures_are_those_of_the_catalogue():
    """Where this fails: nox -s docs -- --pictures."""
    index = json.loads((traps.PICTURES / traps.INDEX).read_text(encoding="utf-8"))
    assert {task: one["caption"] for task, one in index.items()} == {t: one.caption for t, one in RECIPES.items()}
    names = {task: {one.name for one in catalogue() if one.task == task} for task in RECIPES}
    assert {task: set(one["mistakes"]) for task, one in index.items()} == names
    files = {f"{task}/{name}.webp" for task, one in index.items() for name, drawn in one["mistakes"].items() if drawn}
    files |= {f"{task}/{traps.RIGHT}" for task in index}
    there = {
        path.relative_to(traps.PICTURES).as_posix(): path.stat().st_size for path in traps.PICTURES.rglob("*.webp")
    }
    assert set(there) == files
    assert len(files) > 200 and sum(there.values()) < PICTURES_BYTES


def test_a_page_shows_each_mistake_once(made):
    page = page_of(made, STEP)
    told = traps.traps_of(STEP)
    assert page.count(".. figure::") == 1 + sum(bool(one.picture) for one in told) > 5
    assert [
        one.name for one in told if "".join(one.student.split()) not in "".join(page.replace("\\", "").split())
    ] == []


# --- what is written for it -----------------------------------------------------------------------------------------


def test_what_is_derived_is_there_and_names_its_functions():
    for task, name in pages.DERIVED.items():
        text = (build.DOCS / "derivations" / f"{name}.md").read_text(encoding="utf-8")
        assert "## What is assumed" in text
        assert task in text or task.split(".")[0] in text
    written = {path.stem for path in (build.DOCS / "derivations").glob("*.md")}
    assert written == {*pages.DERIVED.values(), "index"}


def test_every_equation_of_a_derivation_has_its_number():
    for path in (build.DOCS / "derivations").glob("*.md"):
        numbers = [int(one) for one in re.findall(r"\\tag\{(\d+)\}\$\$", path.read_text(encoding="utf-8"))]
        assert numbers == list(range(1, len(numbers) + 1)), path.name
        named = {int(one) for one in re.findall(r"(?<![\w)])\(([1-9])\)", path.read_text(encoding="utf-8"))}
        assert named <= set(numbers), path.name


def test_every_key_of_a_result_is_explained():
    guide = (build.DOCS / "guides" / "results.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in guide.splitlines() if "|" in line)))
    document = json.loads(example())
    keys = {*document, *document["extra_data"]}
    for test in document["tests"]:
        keys |= {*test, *test["extra_data"]}
    assert keys - explained == set()


def test_a_link_leads_to_where_the_site_has_it():
    text = "[a](../../contract/courses/README.md) [b](mutants.py) ![c](x.png) [d](https://e.f) [g](#here)"
    assert texts.relinked(text, "grading/submissions/kits/README.md") == (
        "[a](/guides/course.md) b c [d](https://e.f) g"
    )


def test_a_folder_with_somebodys_work_is_left_alone(tmp_path, capsys, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    (work / "notes.md").write_text("mine")
    monkeypatch.setattr("grading.commands.docs.find_spec", lambda name: True)
    assert main(["docs", "--out", str(work)]) == 2
    assert "expected a new folder, or one with a site" in capsys.readouterr().err
    assert (work / "notes.md").read_text() == "mine"


def test_without_sphinx_one_line_says_what_brings_it(monkeypatch, capsys):
    monkeypatch.setattr("grading.commands.docs.find_spec", lambda name: None)
    assert main(["docs"]) == 2
    assert "nox -s docs" in capsys.readouterr().err


def test_the_environments_pins_agree():
    """What both environments hold is one version."""
    ours, sites = (
        dict(re.findall(r"^([\w-]+)==([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in (ROOT / "requirements.txt", build.DOCS / "requirements.txt")
    )
    assert {"jinja2", "pygments", "latex2mathml"} <= ours.keys() & sites.keys()
    assert {name for name in ours.keys() & sites.keys() if ours[name] != sites[name]} == set()


def test_every_guide_is_somebodys(tmp_path):
    written = {path.stem for path in (ROOT / "docs" / "guides").glob("*.md")}
    assert written == {*guides.FOR_STUDENTS, *guides.FOR_STAFF}
    for staff in (False, True):
        build.sources(tmp_path / str(staff), staff)
        there = {path.stem for path in (tmp_path / str(staff) / "guides").glob("*.md")}
        assert there == {"index", *guides.FOR_STUDENTS, *(guides.FOR_STAFF if staff else ())}
        included = re.findall(
            r"/(texts/[^\n`]+)", "".join(p.read_text() for p in (tmp_path / str(staff) / "guides").glob("*.md"))
        )
        assert all((tmp_path / str(staff) / name).is_file() for name in included)
        assert staff or not re.search(r"\]\(/?guides/", (tmp_path / str(staff) / "texts" / "README.md").read_text())
