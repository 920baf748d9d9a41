"""The other forms of a result: each as the system that reads it says, and nothing of a student's text takes part in it."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from grading.__main__ import main
from grading.report import forms
from grading.verdicts import BY_HAND, FAILED, NOT_GRADED, NOT_IMPLEMENTED, PASSED

from . import graded_classes
from .conftest import PLAIN
from .graded_classes import document, entry

MIXED = document((PASSED, FAILED, NOT_GRADED, BY_HAND))
KEPT = {"p", "pre", "strong"}  # of Gradescope's sanitiser


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_gradescope_as_it_is():
    assert json.loads(forms.rendered("gradescope", MIXED)) == MIXED


def test_gradescope_in_html_has_only_tags_that_are_kept_and_says_the_same():
    html = json.loads(forms.rendered("gradescope-html", MIXED))
    outputs = [(html["output"], MIXED["output"])]
    outputs += [(test["output"], plain["output"]) for test, plain in zip(html["tests"], MIXED["tests"])]
    for output, plain in outputs:
        seen = Tags(output)
        assert set(seen.tags) <= KEPT and seen.attributes == [] and seen.open == []
        assert seen.text.split() == plain.split()
    assert {test["output_format"] for test in html["tests"]} == {"html"} == {html["output_format"]}
    assert "<strong>what is wrong:</strong>" in html["tests"][1]["output"]
    same = [{k: v for k, v in test.items() if not k.startswith("output")} for test in html["tests"]]
    assert same == [{k: v for k, v in test.items() if not k.startswith("output")} for test in MIXED["tests"]]


def test_junit_counts_and_kinds_as_pytest_has_them():
    suite = ElementTree.fromstring(forms.rendered("junit", MIXED)).find("testsuite")
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    kinds = [[child.tag for child in case] for case in suite]
    assert kinds == [[], ["failure"], ["error"], ["skipped"]]
    assert [(case.get("classname"), case.get("name")) for case in suite][1] == ("ddpm", "posterior_step")
    assert "<script>" in suite[1][0].text and "\ufffe" not in suite[1][0].text


@pytest.mark.parametrize("outcome", [PASSED, FAILED, NOT_IMPLEMENTED])
def test_prairielearn_has_a_part_of_one(outcome):
    result = json.loads(forms.rendered("prairielearn", document((PASSED, outcome, PASSED, PASSED))))
    assert result["gradable"] is True
    assert result["score"] == (1.0 if outcome == PASSED else 0.75)
    assert sum(one["points"] for one in result["tests"]) == 4 * result["score"]


def test_prairielearn_does_not_grade_what_the_grader_is_at_fault_in():
    result = json.loads(forms.rendered("prairielearn", MIXED))
    assert result["gradable"] is False and "guidance.classifier_free_guidance" in result["format_errors"][0]


def test_prairielearn_grades_what_ran_out_of_time():
    late = document((PASSED, NOT_GRADED, PASSED, PASSED))
    late["tests"][1]["extra_data"]["out_of_time"] = True
    result = json.loads(forms.rendered("prairielearn", late))
    assert result["gradable"] is True and result["score"] == 0.75


@pytest.mark.parametrize("length", [10_000, 500_000, 5_000_000])
def test_prairielearn_takes_at_most_a_megabyte(length):
    long = document()
    for test in long["tests"] * 1:
        test["output"] = "é" * length
    long["tests"] *= 50
    text = forms.rendered("prairielearn", long)
    assert len(text.encode()) <= 1_000_000 and len(json.loads(text)["tests"]) == 200


def test_classroom50_has_whole_numbers_and_no_expected_value(monkeypatch):
    monkeypatch.setenv("ASSIGNMENT", "hw5")
    monkeypatch.setenv("SUBMISSION_TAG", "submit-1")
    text = forms.rendered("classroom50", MIXED)
    result = json.loads(text)
    assert result["schema"] == "classroom50/result/v1" and result["assignment"] == "hw5"
    assert result["submission"] == "submit-1"
    assert (result["score"], result["max-score"]) == (100, 200)
    assert all(type(one[key]) is int for one in result["tests"] for key in ("score", "max-score"))
    assert result["without-points"] == ["guidance.classifier_free_guidance", "guidance.guided_eps"]
    assert "0.25" not in text and "script" not in text and "missing" not in text
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", result["datetime"])


def test_check50_says_neither_for_what_has_no_score():
    results = json.loads(forms.rendered("check50", MIXED))["results"]
    assert [one["passed"] for one in results] == [True, False, None, None]
    assert results[0]["cause"] is None and results[1]["cause"]["rationale"]


def test_a_page_is_whole_and_escaped():
    text = forms.rendered("html", MIXED)
    assert "<script" not in text and "&lt;script&gt;" in text and text.count("<h2>") == 2
    assert "http" not in text


@pytest.mark.usefixtures("preloaded")
def test_grade_writes_the_form_that_is_asked_for(tmp_path):
    path = tmp_path / "results.xml"
    command = ["grade", str(PLAIN), "--only", "ddpm.predict_x0", "--json", str(path), "--form", "junit"]
    assert main(command) == 0
    suite = ElementTree.parse(path).getroot().find("testsuite")
    assert suite.get("tests") == "1" and suite.get("failures") == "0"


@pytest.mark.parametrize("form", forms.NAMES)
def test_a_class_has_a_file_of_each_form_for_each_hand_in(form, tmp_path, capsys):
    out = graded_classes.write(tmp_path / "out", entry("a", "Jane"), entry("b", "Bob", reason="it is encrypted"))
    folder = tmp_path / "files"
    assert main(["gradebook", str(out), form, "--out", str(folder)]) == 0
    assert [path.name for path in folder.iterdir()] == [f"a.{forms.ENDINGS[form]}"]
    assert "Bob (b): unusable: it is encrypted" in capsys.readouterr().out
