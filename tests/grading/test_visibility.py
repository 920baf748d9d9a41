"""``visibility`` of a course file: what is not visible is in nothing that students get, and in everything of staff's."""

import csv
import io
import json
import zipfile
from xml.etree import ElementTree

import html5lib
import pytest

from grading import seeds
from grading.__main__ import main
from grading.contract import courses
from grading.report import forms, gradescope, rows
from grading.report.page import page
from grading.report.visible import NOT_ALL, NOTHING
from grading.verdicts import FAILED, HINTS, NOT_IMPLEMENTED, PASSED, CheckResult, Failure, Verdict

from . import graded_classes
from .classes import folder

SHOWN, HIDDEN, LATER, CALLER = "noising.add_noise", "ddpm.posterior_step", "ddpm.predict_x0", "ddpm.sample_ddpm"
STUDENTS_FORMS = sorted(set(forms.NAMES) - {"gradescope", "gradescope-html"})
TASK = """
[[part.task]]
number = "{number}"
title = "Task {number}"
points = 2
functions = ["{function}"]
{more}
"""
TASKS = [(SHOWN, ""), (CALLER, ""), (HIDDEN, 'visibility = "hidden"'), (LATER, 'visibility = "after_due_date"')]
GIVEN_AWAY = ("posterior_step", "predict_x0", "Task 3", "Task 4", "its square root", "8 points")


def course(tmp_path, visibility="visible", tasks=TASKS):
    path = tmp_path / "mine.toml"
    head = f'title = "Mine"\nvisibility = "{visibility}"\n[[part]]\ntitle = "All"\npoints = {2 * len(tasks)}\n'
    own = [TASK.format(number=i, function=function, more=more) for i, (function, more) in enumerate(tasks, 1)]
    path.write_text(head + "".join(own))
    return path


def verdicts(outcome=FAILED):
    """The hidden one is wrong, and so is what calls it, which has no mistake of its own."""
    failure = Failure(
        "the result is wrong", expected="0.5", got="0.25", where=["ddpm.py:9 in posterior_step: return 1"]
    )
    checks = [CheckResult("Its variance is not its square root.", failure=failure)]
    found = [
        Verdict(SHOWN, PASSED),
        Verdict(CALLER, outcome, carried=[HIDDEN], unwritten=[HIDDEN] if outcome == NOT_IMPLEMENTED else []),
        Verdict(HIDDEN, FAILED, checks, defined_at="ddpm.py:7", mistakes=["The noise lacks its square root."]),
        Verdict(LATER, FAILED, checks, defined_at="ddpm.py:3"),
    ]
    return {one.task: one for one in found}


def made(tmp_path, visibility="visible", outcome=FAILED, hints="mistake"):
    own = courses.load(str(course(tmp_path, visibility)))
    table, seed = rows(own, verdicts(outcome)), seeds.told(1)
    document = gradescope.document(own, table, seed, 1.5, hints)
    return document, page(own, table, seed, hints, name="Jane", replay="grade")


@pytest.mark.parametrize("hints", HINTS)
@pytest.mark.parametrize("outcome", [FAILED, NOT_IMPLEMENTED])
def test_nothing_that_students_get_says_anything_of_what_is_not_visible(outcome, hints, tmp_path):
    document, shown = made(tmp_path, outcome=outcome, hints=hints)
    texts = {form: forms.rendered(form, document) for form in STUDENTS_FORMS} | {"page": shown}
    for form, text in texts.items():
        text = text.replace("<wbr>", "")
        assert not [one for one in GIVEN_AWAY if one in text], form
        assert "add_noise" in text and "sample_ddpm" in text, form
    assert "another function of yours" in shown and NOT_ALL in shown and NOT_ALL in texts["html"]


def test_points_are_those_of_what_is_shown(tmp_path):
    document, shown = made(tmp_path)
    classroom, prairie = (json.loads(forms.rendered(form, document)) for form in ("classroom50", "prairielearn"))
    assert (classroom["score"], classroom["max-score"]) == (200, 400)
    assert (prairie["score"], prairie["message"]) == (0.5, "2 of 4 points")
    assert "<title>2 of 4 points" in shown and "<title>2 of 4 points" in forms.rendered("html", document)


@pytest.mark.parametrize("visibility", ["hidden", "after_due_date", "after_published"])
def test_of_a_course_that_is_not_visible_nothing_is_shown(visibility, tmp_path):
    document, shown = made(tmp_path, visibility)
    small, prairie = forms.rendered("html", document), json.loads(forms.rendered("prairielearn", document))
    for text in (shown, small):
        assert NOTHING in text and "points" not in text.partition("<body>")[2] and "add_noise" not in text
    assert prairie["gradable"] is False and prairie["tests"] == [] and prairie["format_errors"] == [NOTHING]


@pytest.mark.parametrize("form", STUDENTS_FORMS)
def test_a_form_of_nothing_is_one_that_its_system_reads(form, tmp_path):
    text = forms.rendered(form, made(tmp_path, "hidden")[0])
    assert not [one for one in (*GIVEN_AWAY, "add_noise", "sample_ddpm") if one in text]
    if forms.ENDINGS[form] == "json":
        json.loads(text)
    else:
        html5lib.parse(text) if form == "html" else ElementTree.fromstring(text)


def test_a_task_may_be_visible_in_a_course_that_is_not(tmp_path):
    own = courses.load(str(course(tmp_path, "hidden", [(SHOWN, 'visibility = "visible"'), (HIDDEN, "")])))
    shown = page(own, rows(own, verdicts()), seeds.told(1), "mistake", name="Jane", replay="grade").replace("<wbr>", "")
    assert "add_noise" in shown and "posterior_step" not in shown


def test_what_a_person_looks_at_is_hidden_with_its_task(tmp_path):
    own = courses.load(
        str(course(tmp_path, tasks=[(SHOWN, ""), (HIDDEN, 'visibility = "hidden"\nmanual = "ten pictures"')]))
    )
    shown = page(own, rows(own, verdicts()), seeds.told(1), "mistake", name="Jane", replay="grade")
    assert "ten pictures" not in shown and "by hand" not in shown


def test_gradescope_is_told_everything_and_what_students_may_see_of_it(tmp_path):
    document, _ = made(tmp_path)
    for form in ("gradescope", "gradescope-html"):
        tests = json.loads(forms.rendered(form, document))["tests"]
        assert [one.get("visibility") for one in tests] == [None, None, "hidden", "after_due_date"]
        assert "square root" in tests[2]["output"]
        assert "posterior_step" not in tests[1]["output"] and tests[1]["extra_data"]["carried"] == [HIDDEN]


def test_where_all_is_visible_nothing_is_said_of_it(tmp_path):
    own = courses.load(str(course(tmp_path, tasks=[(task, "") for task, _ in TASKS])))
    table, seed = rows(own, verdicts()), seeds.told(1)
    document = gradescope.document(own, table, seed, 1.5, "mistake")
    shown = page(own, table, seed, "mistake", name="Jane", replay="grade")
    assert "because of your posterior_step" in shown and NOT_ALL not in shown + forms.rendered("html", document)
    assert json.loads(forms.rendered("classroom50", document))["max-score"] == 800


# --- commands: what students get is without it, and staff are told ---------------------------------------------------

RIGHT = b"def add_noise(x0, noise, t, alphas_cumprod):\n    a = alphas_cumprod[t].view(-1, 1, 1, 1)\n    return a.sqrt() * x0 + (1 - a).sqrt() * noise\n"
WRONG = b"def predict_x0(x_t, eps, t, alphas_cumprod):\n    return x_t - eps\n"
GRADED = [(SHOWN, ""), (LATER, 'visibility = "after_published"')]
SAID = "ddpm.predict_x0 (after_published)"


@pytest.fixture
def hand_in(tmp_path):
    files = {"noising.py": RIGHT, "ddpm.py": WRONG}
    return folder(tmp_path / "class", {"jane": files}) / "jane"


@pytest.mark.usefixtures("preloaded")
def test_grade_shows_staff_everything_and_says_what_it_leaves_out(hand_in, tmp_path, capsys):
    own, shown, small, scripts = course(tmp_path, tasks=GRADED), tmp_path / "a.html", tmp_path / "b.xml", tmp_path / "c"
    command = [
        "grade",
        hand_in,
        "--course",
        own,
        "--html",
        shown,
        "--json",
        small,
        "--form",
        "junit",
        "--replay",
        scripts,
    ]
    assert main(list(map(str, command))) == 0
    said = capsys.readouterr().out
    assert "ddpm.predict_x0  failed" in said and f"without what the course does not show: {SAID}" in said
    assert "ddpm.predict_x0: no script" in said and not list(scripts.iterdir())
    assert "predict_x0" not in small.read_text() + shown.read_text().replace("<wbr>", "")


@pytest.mark.usefixtures("preloaded")
def test_a_class_keeps_everything_for_staff_and_shows_students_their_part(hand_in, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["class", str(hand_in.parent), "--out", str(out), "--course", str(course(tmp_path, tasks=GRADED))]) == 0
    assert f"not in the students' pages, as the course says: {SAID}" in capsys.readouterr().out
    (shown,) = out.glob("submissions/*/page.html")
    text = shown.read_text().replace("<wbr>", "")
    assert "add_noise" in text and "predict_x0" not in text
    (row,) = csv.DictReader(io.StringIO((out / "grades.csv").read_text()))
    assert (row["of"], row["ddpm.predict_x0"]) == ("4.0", "0.0")
    (entry,) = json.loads((out / "class.json").read_text())["hand_ins"]
    assert entry["functions"]["ddpm.predict_x0"]["verdict"] == FAILED
    assert "predict_x0" in (out / "index.html").read_text().replace("<wbr>", "")


def a_class(tmp_path, **more):
    document, _ = made(tmp_path)
    functions = {
        one["name"]: {"verdict": one["extra_data"]["verdict"], "visibility": one.get("visibility", "visible")}
        for one in document["tests"]
    }
    own = graded_classes.entry("a", "doejane", **more)
    return graded_classes.write(
        tmp_path / "graded",
        own | {"results": document, "functions": functions, "points": document["extra_data"]["points"]},
    )


@pytest.mark.parametrize(
    "form, name",
    [("canvas-feedback", "doejane_4711_99_hw5.zip"), ("moodle-feedback", "Jane Doe_4711_assignsubmission_file")],
)
def test_feedback_is_without_it(form, name, tmp_path, capsys):
    graded = a_class(tmp_path, files=[name], ids={"user": "4711", "participant": "4711"})
    back = tmp_path / "feedback.zip"
    assert main(["gradebook", str(graded), form, "--out", str(back)]) == 0
    assert "left out, points included" in capsys.readouterr().out
    with zipfile.ZipFile(back) as feedback:
        (text,) = (feedback.read(one).decode() for one in feedback.namelist())
    assert "add_noise" in text and not [one for one in GIVEN_AWAY if one in text]


def test_a_gradebook_counts_it_and_says_so_to_staff_alone(tmp_path, capsys):
    graded = a_class(tmp_path, ids={"participant": "43"})
    sheet, back = tmp_path / "worksheet.csv", tmp_path / "filled.csv"
    sheet.write_text("Identifier,Grade,Last modified (grade),Feedback comments\nParticipant 43,,-,\n")
    assert main(["gradebook", str(graded), "moodle", str(sheet), "--out", str(back)]) == 0
    assert "counted, and by the course not shown to students: ddpm.posterior_step (hidden)" in capsys.readouterr().out
    (row,) = csv.DictReader(io.StringIO(back.read_text()))
    assert (row["Grade"], row["Feedback comments"]) == ("2", "1 passed, 1 failed")
