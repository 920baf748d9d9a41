"""A course file with a mistake in it ends in one line that names file, table and key, never in lost points."""

import pytest

from grading.__main__ import main
from grading.contract.courses import NAMES, load
from grading.contract.courses.schema import KEYS
from grading.paths import COURSES
from grading.verdicts import Unusable

from .conftest import PLAIN

RIGHT = """
title = "My course"

[[part]]
title = "Sampling"
points = 30

[[part.task]]
number = "A1"
title = "One step back"
points = 20
functions = ["ddpm.predict_x0", "ddpm.posterior_step"]
manual = "ten pictures"

[[part.task]]
number = "A2"
title = "Why?"
points = 10
manual = "the answer"

[[part]]
title = "Optional"
points = "10/3"
extra = true

[[part.task]]
number = "B"
title = "Fewer steps"
points = 5
functions = ["ddim.ddim_step"]
"""

WRONG = {  # what: a line of the file, what stands there instead, and what has to be said
    "an unknown key of the course": ('title = "My course"', 'titel = "My course"', ["the course", "titel", "title"]),
    "an unknown key of a part": ("points = 30", "points = 30\nponits = 30", ["Sampling", "ponits", "mean points"]),
    "an unknown key of a task": ("functions = [", "function = [", ["part 1", "A1", "function;", "mean functions"]),
    "an unknown key without a like": ("points = 30", "points = 30\nxyzzy = 1", ["Sampling", "xyzzy", "it may have"]),
    "an unknown function": (
        "posterior_step",
        "posterior_stp",
        ["A1", "ddpm.posterior_stp", "mean ddpm.posterior_step"],
    ),
    "another word for what is carried forward": (
        'title = "My course"',
        'title = "My course"\ncarried = "forgive"',
        ["the course", "carried", "'forgive'", '"charged" or "forgiven"'],
    ),
    "a word for whether functions are lent": (
        'title = "My course"',
        'title = "My course"\nlend = "yes"',
        ["the course", "lend", "'yes'", "true or false"],
    ),
    "a number for whether stubs say where the traps are": (
        'title = "My course"',
        'title = "My course"\ntraps = 0',
        ["the course", "traps", "true or false"],
    ),
    "points for nothing that there is": (
        'title = "My course"',
        'title = "My course"\npartial = "lines"',
        ["the course", "partial", "'lines'", '"none" or "terms"'],
    ),
    "hints that are none": (
        'title = "My course"',
        'title = "My course"\nhints = ["none", "all"]',
        ["the course", "hints", "'all'", "none or property or mistake"],
    ),
    "hints for no attempt": (
        'title = "My course"',
        'title = "My course"\nhints = []',
        ["the course", "hints", "one for each attempt"],
    ),
    "another word for what is seen": (
        "points = 20",
        'points = 20\nvisibility = "secret"',
        ["A1", "visibility", "'secret'", '"after_due_date"'],
    ),
    "something forbidden that is no name": (
        'title = "My course"',
        'title = "My course"\nforbidden = ["diffusers schedulers"]',
        ["the course", "forbidden", "'diffusers schedulers'", "diffusers.schedulers"],
    ),
    "something forbidden that is no text": (
        'title = "My course"',
        'title = "My course"\nforbidden = [7]',
        ["the course", "forbidden", "7"],
    ),
    "what grading itself needs, forbidden": (
        'title = "My course"',
        'title = "My course"\nforbidden = ["torch.optim"]',
        ["the course", "forbidden", "torch.optim", "can do without"],
    ),
    "a function that is none": ('"ddpm.posterior_step"', "7", ["A1", "functions", "7"]),
    "a function twice in one task": ("posterior_step", "predict_x0", ["A1", "ddpm.predict_x0", "already"]),
    "a function twice": ("ddim.ddim_step", "ddpm.predict_x0", ["“B”", "ddpm.predict_x0", "already", "“A1”"]),
    "too few points": ("points = 20", "points = 19", ["Sampling", "points", "29", "30"]),
    "too many points": ("points = 20", "points = 21.5", ["Sampling", "points", "63/2", "30", "extra"]),
    "too few points of extra credit": ("points = 5", "points = 2", ["Optional", "2", "10/3"]),
    "no points": ("points = 20\n", "", ["A1", "points is missing"]),
    "points in words": ("points = 20", 'points = "twenty"', ["A1", "points", "twenty", "a number"]),
    "points by nothing": ("points = 20", 'points = "20/0"', ["A1", "points", "20/0"]),
    "points without end": ("points = 20", "points = inf", ["A1", "points", "inf"]),
    "points that are none": ("points = 20", "points = nan", ["A1", "points", "nan"]),
    "negative points": ("points = 20", "points = -20", ["A1", "points", "-20", "more than 0"]),
    "points that are true": ("points = 20", "points = true", ["A1", "points", "True"]),
    "points in a list": ("points = 20", "points = [20]", ["A1", "points", "[20]"]),
    "a number for a text": ('number = "A1"', "number = 1", ["part 1", "task 1", "number", "a text"]),
    "an empty title": ('title = "My course"', 'title = ""', ["the course", "title", "a text"]),
    "extra in words": ("extra = true", 'extra = "yes"', ["Optional", "extra", "true or false"]),
    "functions in a text": ('["ddim.ddim_step"]', '"ddim.ddim_step"', ["“B”", "functions", "a list"]),
    "no functions": ('["ddim.ddim_step"]', "[]", ["“B”", "functions", "a list"]),
    "nothing to grade": ('manual = "the answer"', "", ["A2", "nothing to grade"]),
    "two parts of one title": ('title = "Optional"', 'title = "Sampling"', ["part 2", "the same title"]),
    "a table for a list": ('[[part]]\ntitle = "Sampling"', '[part]\ntitle = "Sampling"', []),
    "broken TOML": ("points = 30", "points = ", ["is no TOML file", "line 6"]),
}


@pytest.fixture
def course_file(tmp_path):
    def course_file(text):
        path = tmp_path / "fall.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return course_file


@pytest.mark.usefixtures("preloaded")
def test_a_course_of_ones_own_is_graded_by_its_path(course_file, capsys):
    path = course_file(RIGHT)
    course = load(str(path))
    assert (course.name, course.title) == ("fall", "My course")
    assert course.functions == ["ddpm.predict_x0", "ddpm.posterior_step", "ddim.ddim_step"]
    assert [float(item.points) for item in course.items] == [5, 5, 10, 10, 5]
    assert main(["grade", str(PLAIN), "--course", str(path), "--only", "ddim"]) == 0
    out = capsys.readouterr().out
    assert "5 of 5 points" in out and "My course" in out


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_in_a_course_file_is_named_with_its_place(what, course_file, capsys):
    line, instead, words = WRONG[what]
    assert line in RIGHT
    path = course_file(RIGHT.replace(line, instead, 1))
    with pytest.raises(Unusable) as refused:
        load(str(path))
    said = str(refused.value)
    assert said.startswith(f"{path}: ") and "\n" not in said
    assert all(word in said for word in words), said


@pytest.mark.parametrize("text", ["", "part = 1", "part = [1]", 'title = "x"\npart = []', 'title = "x"\npart = [[]]'])
def test_what_is_no_course_at_all_is_refused(text, course_file):
    with pytest.raises(Unusable, match=r"fall\.toml: "):
        load(str(course_file(text)))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "fall.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unusable, match="is no TOML file"):
        load(str(tmp_path / "fall.toml"))


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    for path in (tmp_path / "missing.toml", tmp_path / "folder.toml"):
        with pytest.raises(Unusable, match=f"{path}: cannot be read"):
            load(str(path))


def test_an_unknown_course_is_told_what_it_may_mean():
    with pytest.raises(Unusable, match=r"did you mean cs180-proj5.*ends in \.toml"):
        load("cs180-proj")


@pytest.mark.parametrize("what", ["an unknown key of a task", "an unknown function", "too few points", "broken TOML"])
def test_the_command_ends_with_exit_code_2_and_one_line(what, course_file, cli):
    line, instead, words = WRONG[what]
    path = course_file(RIGHT.replace(line, instead, 1))
    run = cli("grade", PLAIN, "--course", path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"grade: {path}: ") and run.stderr.count("\n") == 1
    assert all(word in run.stderr for word in words)


def test_the_page_beside_the_files_tells_every_key():
    page = (COURSES / "README.md").read_text(encoding="utf-8")
    assert [key for keys in KEYS.values() for key in keys if f"| `{key}` |" not in page] == []


def test_the_example_on_the_page_is_a_course(course_file):
    page = (COURSES / "README.md").read_text(encoding="utf-8")
    course = load(str(course_file(page.split("```toml\n")[1].split("```")[0])))
    assert course.functions and course.parts


@pytest.mark.parametrize("name", [name for name in NAMES if name != "all"])
def test_the_projects_own_files_are_right_by_path_as_well(name):
    assert load(str(COURSES / f"{name}.toml")).items == load(name).items


def test_what_a_course_says_of_lending_and_of_traps(tmp_path):
    file = tmp_path / "own.toml"
    for line, lend, traps in (("", False, True), ("lend = true\ntraps = false\n", True, False)):
        file.write_text(line + RIGHT)
        load.cache_clear()
        course = load(str(file))
        assert (course.lend, course.traps) == (lend, traps)


def test_the_three_courses_lend_what_is_missing():
    assert {name for name in NAMES if load(name).lend} == set(NAMES) - {"kaist-cs492d"}
    assert all(load(name).traps for name in NAMES)
