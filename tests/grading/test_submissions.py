"""A hand-in is copied with the grader's rights: nothing that leads out of it comes along, and nothing odd in it costs more than itself."""

import errno
import json
import os
from pathlib import Path

import pytest

from grading.__main__ import main
from grading.paths import ROOT
from grading.sandbox import limits
from grading.submissions import folder as folders
from grading.submissions import opened
from grading.submissions.opening import PACKAGE, package_name
from grading.verdicts import FAILED, PASSED, GraderFault, Unusable

from .conftest import PLAIN, outcomes

ANSWERS = ROOT / "reference"
GUIDANCE = ["guidance.classifier_free_guidance", "guidance.guided_eps"]
FROM_THE_ANSWERS = "from answers.ddpm import *\n"


@pytest.fixture
def homework(tmp_path):
    """A folder with one module in it, beside whatever a test puts there."""
    folder = tmp_path / "homework"
    folder.mkdir()
    (folder / "ddpm.py").write_text("x = 1\n", encoding="utf-8")
    return folder


@pytest.fixture
def outside(tmp_path):
    """What is none of the grader's business."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.py").write_text("SECRET = 1\n", encoding="utf-8")
    return folder


def contents(folder):
    """Every file of a submission's copy by its relative path, a link by where it leads."""
    found = {}
    for place, folders_, files in os.walk(folder):
        for name in [*files, *(one for one in folders_ if os.path.islink(os.path.join(place, one)))]:
            path = os.path.join(place, name)
            relative = os.path.relpath(path, folder)
            found[relative] = f"→ {os.readlink(path)}" if os.path.islink(path) else Path(path).read_text("utf-8")
    return found


def copied(folder):
    """What is graded of a hand-in, and what is said of the rest."""
    with opened(folder) as submission:
        return contents(submission.folder), list(submission.notes)


# --- an ordinary one --------------------------------------------------------------------------------------------


def test_a_submission_is_a_copy_for_as_long_as_it_is_open(homework):
    (homework / "lib").mkdir()
    (homework / "lib" / "steps.py").write_text("y = 2\n", encoding="utf-8")
    with opened(homework) as submission:
        assert contents(submission.folder) == {"ddpm.py": "x = 1\n", "lib/steps.py": "y = 2\n"}
        assert submission.notes == () and submission.origin == homework
        assert homework not in submission.folder.parents
        (submission.folder / "ddpm.py").write_text("changed", encoding="utf-8")
    assert not submission.folder.exists()
    assert (homework / "ddpm.py").read_text(encoding="utf-8") == "x = 1\n"


@pytest.mark.parametrize("name", ["__pycache__", ".git", ".venv", "venv", "node_modules"])
def test_what_no_homework_is_in_is_left_out_without_a_word(name, homework):
    (homework / name).mkdir()
    (homework / name / "large.bin").write_bytes(bytes(10))
    (homework / ".DS_Store").write_bytes(bytes(10))
    assert copied(homework) == ({"ddpm.py": "x = 1\n"}, [])


def test_a_link_to_a_submission_opens_what_it_leads_to(homework, tmp_path):
    (tmp_path / "my_link").symlink_to(homework)
    with opened(tmp_path / "my_link") as submission:
        assert submission.package == "homework"
        assert contents(submission.folder) == {"ddpm.py": "x = 1\n"}


@pytest.mark.parametrize("name", ["missing", "file", "empty", "strange"])
def test_what_cannot_be_graded_is_said_in_one_line(name, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "notes.txt").write_text("", encoding="utf-8")
    expected = {"missing": "there is no such folder", "file": "got a file"}.get(
        name, "or adapters.py is in this folder"
    )
    with pytest.raises(Unusable, match=expected) as refused, opened(tmp_path / name):
        pass
    assert str(tmp_path / name) in str(refused.value) and "\n" not in str(refused.value)


def test_the_graders_own_folder_is_no_submission():
    with pytest.raises(Unusable, match="the grader's own folder"), opened(ROOT):
        pass


# --- links ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["absolute", "relative"])
@pytest.mark.parametrize("to", ["outside", "outside/secret.py", "homework-2"])
def test_a_link_that_leaves_the_submission_is_named_and_not_followed(to, way, homework, outside, tmp_path):
    (tmp_path / "homework-2").mkdir()  # begins as the submission's own path does
    (homework / "out").symlink_to(tmp_path / to if way == "absolute" else f"../{to}")
    assert copied(homework) == ({"ddpm.py": "x = 1\n"}, ["out leads out of the submission: it was not followed"])


def test_a_link_out_of_a_folder_below_is_named_with_its_place(homework, outside):
    (homework / "lib").mkdir()
    (homework / "lib" / "out.py").symlink_to("../../outside/secret.py")
    assert copied(homework)[1] == ["lib/out.py leads out of the submission: it was not followed"]


def test_a_link_by_way_of_another_one_does_not_get_out_either(homework, outside):
    (homework / "first").symlink_to("second")
    (homework / "second").symlink_to("../outside")
    files, notes = copied(homework)
    assert files.keys() == {"ddpm.py"} and len(notes) == 2


def test_a_link_that_leaves_and_comes_back_stays_inside(homework):
    (homework / "back.py").symlink_to("../homework/ddpm.py")
    (homework / "whole.py").symlink_to(homework / "ddpm.py")
    files, notes = copied(homework)
    assert notes == [] and files["back.py"] == files["whole.py"] == "→ ddpm.py"


def test_a_link_that_stays_inside_leads_to_the_copy(homework):
    for path in ("lib/deep", "other"):
        (homework / path).mkdir(parents=True)
    (homework / "lib" / "steps.py").write_text("y = 2\n", encoding="utf-8")
    (homework / "lib" / "deep" / "up.py").symlink_to("../../ddpm.py")
    (homework / "other" / "library").symlink_to(homework / "lib")
    with opened(homework) as submission:
        assert submission.notes == ()
        assert contents(submission.folder)["lib/deep/up.py"] == "→ ../../ddpm.py"
        inside = (submission.folder / "other" / "library" / "steps.py").resolve()
        assert submission.folder.resolve() in inside.parents and inside.read_text(encoding="utf-8") == "y = 2\n"


@pytest.mark.parametrize("to", [".", "..", "lib"])
def test_a_link_in_a_circle_ends_at_once(to, homework):
    (homework / "lib").mkdir()
    (homework / "lib" / "again").symlink_to(f"../{to}" if to == "lib" else to)
    files, notes = copied(homework)
    assert notes == [] and files.keys() == {"ddpm.py", "lib/again"}


def test_a_link_to_itself_and_one_to_nothing_are_named(homework):
    (homework / "self").symlink_to("self")
    (homework / "data").symlink_to("/scratch/of/another/machine")
    (homework / "gone.py").symlink_to("no_such_file.py")
    files, notes = copied(homework)
    assert files == {"ddpm.py": "x = 1\n"}
    assert sorted(note.split()[0] for note in notes) == ["data", "gone.py", "self"]
    assert all(note.endswith(("it was not followed", "it was left out")) for note in notes)


def test_a_link_to_a_large_folder_does_not_count(homework, outside, monkeypatch):
    monkeypatch.setattr(limits, "SUBMISSION_BYTES", 1 << 20)
    with (outside / "weights.pt").open("wb") as file:
        file.truncate(2 << 20)
    (homework / "data").symlink_to(outside)
    (homework / "weights.pt").symlink_to(outside / "weights.pt")
    files, notes = copied(homework)
    assert files == {"ddpm.py": "x = 1\n"} and len(notes) == 2


def test_a_folder_that_is_exchanged_for_a_link_meanwhile_is_not_entered(homework, outside, monkeypatch):
    """Between being looked at and being opened: what a handle holds cannot be exchanged."""
    (homework / "lib").mkdir()
    (homework / "lib" / "steps.py").write_text("y = 2\n", encoding="utf-8")
    is_link = folders._is_link

    def looked_at(entry, handle):
        found = is_link(entry, handle)
        if entry == "lib":
            (homework / "lib").rename(homework.parent / "lib")
            (homework / "lib").symlink_to(outside)
        return found

    monkeypatch.setattr(folders, "_is_link", looked_at)
    files, _ = copied(homework)
    assert not any("SECRET" in text for text in files.values())


# --- what is no file, or cannot be read --------------------------------------------------------------------------


def test_a_fifo_is_named_and_waits_for_nobody(homework):
    os.mkfifo(homework / "pipe")
    assert copied(homework) == ({"ddpm.py": "x = 1\n"}, ["pipe is no file: it was left out"])


@pytest.fixture
def unreadable(monkeypatch):
    """``unreadable(name)``: opening it fails, also for root."""

    def unreadable(name, number=errno.EACCES):
        really = os.open

        def open_(path, *arguments, **options):
            if path == name:
                raise OSError(number, os.strerror(number), path)
            return really(path, *arguments, **options)

        monkeypatch.setattr(os, "open", open_)

    return unreadable


def test_a_file_that_cannot_be_read_costs_itself(homework, unreadable):
    (homework / "notes.py").write_text("", encoding="utf-8")
    unreadable("notes.py")
    assert copied(homework) == (
        {"ddpm.py": "x = 1\n"},
        ["notes.py cannot be read (Permission denied): it was left out"],
    )


def test_a_folder_that_cannot_be_read_costs_itself(homework, unreadable):
    (homework / "private").mkdir()
    (homework / "private" / "notes.py").write_text("", encoding="utf-8")
    unreadable("private")
    files, (note,) = copied(homework)
    assert files == {"ddpm.py": "x = 1\n"}
    assert "private" in note and "Permission denied" in note


def test_a_full_disk_is_the_graders_fault(homework, unreadable):
    unreadable("ddpm.py", errno.ENOSPC)
    with pytest.raises(GraderFault, match="No space left"), opened(homework):
        pass


def test_names_that_are_not_utf_8_are_copied_and_can_be_shown(homework):
    name = b"caf\xe9.txt"
    with open(os.path.join(os.fsencode(homework), name), "wb") as file:
        file.write(b"x")
    os.mkfifo(os.path.join(os.fsencode(homework), b"pip\xe9"))
    with opened(homework) as submission:
        assert name in os.listdir(os.fsencode(submission.folder))
        assert submission.notes == ("pip\N{REPLACEMENT CHARACTER} is no file: it was left out",)
        json.dumps(submission.notes).encode()


def test_of_many_notes_the_first_ones_are_told(homework):
    for i in range(folders._MOST_NOTES + 5):
        (homework / f"link{i:02}").symlink_to("/nowhere")
    notes = copied(homework)[1]
    assert len(notes) == folders._MOST_NOTES + 1
    assert notes[0].startswith("link00") and notes[-1] == "5 more were left out"


# --- size and depth ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[101], [60, 41]])
def test_more_than_the_limit_is_refused(sizes, homework, monkeypatch):
    for i, size in enumerate(sizes):
        with (homework / f"weights{i}.pt").open("wb") as file:
            file.truncate(size << 20)
    with pytest.raises(Unusable, match="more than 100 MB"), opened(homework):
        pass


def test_up_to_the_limit_is_accepted(homework, monkeypatch):
    monkeypatch.setattr(limits, "SUBMISSION_BYTES", 1 << 10)
    (homework / "data.bin").write_bytes(bytes((1 << 10) - len("x = 1\n")))
    assert copied(homework)[1] == []
    (homework / "one_more").write_bytes(b"x")
    with pytest.raises(Unusable), opened(homework):
        pass


def test_folders_that_are_nested_too_deeply_are_left_out(homework, monkeypatch):
    monkeypatch.setattr(limits, "SUBMISSION_DEPTH", 3)
    deep = homework.joinpath(*"abcdefgh")
    deep.mkdir(parents=True)
    (deep / "bottom.py").write_text("", encoding="utf-8")
    (homework / "a" / "top.py").write_text("", encoding="utf-8")
    files, (note,) = copied(homework)
    assert files.keys() == {"ddpm.py", "a/top.py"}
    assert "nested too deeply" in note


# --- the package's name -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, package",
    [
        ("my_homework", "my_homework"),
        ("Übung5", "Übung5"),
        ("my-homework", PACKAGE),
        ("5th", PACKAGE),
        ("class", PACKAGE),  # a keyword
        ("json", PACKAGE),  # of the standard library
        ("torch", PACKAGE),  # installed
        ("grading", PACKAGE),
    ],
)
def test_a_package_has_the_folders_name_where_nothing_else_has_it(name, package, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    assert package_name(folder) == package
    (folder / "ddpm.py").write_text("", encoding="utf-8")
    with opened(folder) as submission:
        assert submission.package == submission.folder.name == package


@pytest.mark.parametrize("inside", ["homework.py", "homework/steps.py"])
def test_a_module_of_the_folders_name_goes_before(inside, homework):
    (homework / inside).parent.mkdir(exist_ok=True)
    (homework / inside).write_text("", encoding="utf-8")
    assert package_name(homework) == PACKAGE


# --- graded -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("preloaded")
def test_a_link_to_the_answers_earns_no_point_and_is_told(homework, tmp_path, capsys):
    """In the terminal's report and in results.json; what stands beside it is graded as ever."""
    (homework / "answers").symlink_to(ANSWERS)
    (homework / "ddpm.py").write_text(FROM_THE_ANSWERS, encoding="utf-8")
    (homework / "ddim.py").symlink_to(ANSWERS / "ddim.py")
    (homework / "guidance.py").write_bytes((PLAIN / "guidance.py").read_bytes())
    (homework / "data").symlink_to("/scratch/of/another/machine")
    os.mkfifo(homework / "pipe")
    path = tmp_path / "results.json"
    only = "ddpm.predict_x0,ddim.ddim_sigma,guidance"
    assert main(["grade", str(homework), "--only", only, "--json", str(path), "--hints", "none"]) == 0
    document = json.loads(path.read_text(encoding="utf-8"))
    scores = {test["name"]: test["score"] for test in document["tests"]}
    assert scores == {"ddpm.predict_x0": 0, "ddim.ddim_sigma": 0} | dict.fromkeys(GUIDANCE, 1)
    notes = document["extra_data"]["notes"]
    assert [note.split()[0] for note in notes] == ["answers", "data", "ddim.py", "pipe"]
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 of 4 points" in printed
    for note in notes:
        assert note in document["output"]
        assert note in printed


@pytest.mark.parametrize("handed_in", ["linked", "with a circle"])
def test_a_link_inside_works_where_it_is_graded(handed_in, homework, grade):
    """Also where a module is a link to a file in a folder below, and where a circle would fill every worker's disk."""
    (homework / "lib").mkdir()
    (homework / "lib" / "mine.py").write_bytes((PLAIN / "guidance.py").read_bytes())
    (homework / "guidance.py").symlink_to("lib/mine.py")
    if handed_in == "with a circle":
        (homework / "again").symlink_to(".")
    assert set(outcomes(grade(homework, GUIDANCE)).values()) == {PASSED}


def test_one_unreadable_file_costs_the_functions_in_it_only(homework, grade, unreadable):
    for name in ("guidance.py", "ddim.py"):
        (homework / name).write_bytes((PLAIN / name).read_bytes())
    (homework / "ddpm.py").write_text("def predict_x0(*arguments):\n    return arguments[0]\n", encoding="utf-8")
    unreadable("ddim.py")
    verdicts = outcomes(grade(homework, [*GUIDANCE, "ddpm.predict_x0", "ddim.ddim_sigma"]))
    assert list(verdicts.values()) == [PASSED, PASSED, FAILED, "not implemented"]
